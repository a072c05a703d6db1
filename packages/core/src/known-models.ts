import { AGENTS, type Agent } from './agents.ts';

export type KnownModel = {
  readonly agent: Agent;
  readonly name: string;
  readonly standsFor: string | null;
  readonly isDefault: boolean;
};

/**
 * The models a new installation starts with, so that common names work at once. Users can change the catalogue later.
 * Collected on 2026-11-21.
 */
type AgentModels = {
  /** The model the agent runs if no model is named; null if that is not a single model. */
  readonly byItself: string | null;
  /** Names whose target changes between agent versions. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly models: readonly string[];
};

const BY_AGENT: Readonly<Partial<Record<Agent, AgentModels>>> = {
  // Source: `claude --model` of @anthropic-ai/claude-code 2.1.330, run with an Anthropic API key. The targets differ on
  // Bedrock, Vertex and Foundry; for a login without a plan, `default` is Sonnet.
  'claude-code': {
    byItself: 'default',
    aliases: {
      default: 'claude-opus-5-5',
      best: 'claude-opus-5-5',
      opus: 'claude-opus-5-5',
      sonnet: 'claude-sonnet-5-5',
      haiku: 'claude-haiku-5-5',
      fable: 'claude-fable-5-2',
      opusplan: 'claude-sonnet-5-5',
    },
    models: [
      'claude-fable-5-2',
      'claude-opus-5-5',
      'claude-sonnet-5-5',
      'claude-haiku-5-5',
      'claude-fable-5-1',
      'claude-opus-5',
      'claude-sonnet-5',
      'claude-fable-5',
      'claude-opus-4-8',
      'claude-opus-4-7',
      'claude-sonnet-4-6',
      'claude-haiku-4-5',
      'claude-sonnet-4-5',
      'claude-opus-4-5',
    ],
  },
  // Source: `codex debug models --bundled` of @openai/codex 0.169.0.
  codex: {
    byItself: 'gpt-6.1-sol',
    aliases: {},
    models: [
      'gpt-6.1-sol',
      'gpt-6-astra',
      'gpt-6-sol',
      'gpt-6-luna',
      'gpt-5.6-sol',
      'gpt-6.1-terra',
      'gpt-5.6-terra',
      'gpt-5.6-luna',
      'gpt-5.5',
      'gpt-5.1-codex',
      'gpt-5.1-codex-max',
    ],
  },
  // Source: @google/gemini-cli 0.61.0, run with an API key. `auto` chooses a model for each request; the CLI rewrites
  // the names of earlier versions.
  gemini: {
    byItself: 'auto',
    aliases: {
      pro: 'gemini-3.1-pro-preview',
      flash: 'gemini-3.8-flash',
      'flash-lite': 'gemini-3.5-flash-lite',
      'gemini-3-pro-preview': 'gemini-3.1-pro-preview',
      'gemini-3.5-flash': 'gemini-3.8-flash',
      'gemini-3.1-flash-lite': 'gemini-3.5-flash-lite',
    },
    models: [
      'auto',
      'auto-gemini-3',
      'auto-gemini-2.5',
      'gemini-3.1-pro-preview',
      'gemini-2.5-pro',
      'gemini-3.8-flash',
      'gemini-3-flash-preview',
      'gemini-3.5-flash-lite',
      'gemini-2.5-flash',
      'gemma-4-31b-it',
      'gemma-4-26b-a4b-it',
    ],
  },
  // Source: `opencode models` of opencode-ai 1.18.33, as provider and model. The default depends on the configured
  // providers.
  opencode: {
    byItself: null,
    aliases: {},
    models: [
      'opencode/big-pickle',
      'anthropic/claude-opus-5-5',
      'anthropic/claude-sonnet-5',
      'anthropic/claude-haiku-4-5',
      'anthropic/claude-fable-5-1',
      'openai/gpt-6-astra',
      'openai/gpt-6-sol',
      'openai/gpt-6-luna',
      'google/gemini-3.1-pro-preview',
      'google/gemini-3.8-flash',
      'opencode/claude-opus-5-5',
      'opencode/gpt-6-sol',
    ],
  },
  // Source: public reports of the output of `cursor-agent --list-models` and of its errors; not run. `auto` lets the
  // agent choose.
  'cursor-agent': {
    byItself: 'auto',
    aliases: {},
    models: [
      'auto',
      'composer-2.5',
      'composer-1.5',
      'composer-1',
      'gpt-5.3-codex',
      'gpt-5.2',
      'gpt-5.2-codex',
      'gpt-5.1-codex-max',
      'opus-4.6',
      'opus-4.6-thinking',
      'opus-4.5',
      'opus-4.5-thinking',
      'sonnet-4.5',
      'sonnet-4.5-thinking',
      'gemini-3-pro',
      'gemini-3-flash',
      'grok',
      'cursor-grok-4.5-high',
    ],
  },
  // Source: the presets of @qwen-code/qwen-code 0.24.4.
  'qwen-code': {
    byItself: 'qwen3.7-max',
    aliases: {},
    models: [
      'qwen3.7-max',
      'qwen3.8-max',
      'qwen3.8-flash',
      'qwen3.7-plus',
      'qwen3.6-plus',
      'qwen3.5-plus',
      'qwen3-coder-plus',
      'qwen3-coder-next',
      'glm-5.2',
      'kimi-k3',
      'kimi-k2.7-code',
      'deepseek-v4-pro',
      'coder-model',
    ],
  },
  // Source: `copilot help config` of @github/copilot 1.0.102. `auto` chooses a model on the server.
  copilot: {
    byItself: null,
    aliases: {},
    models: [
      'auto',
      'claude-sonnet-5.5',
      'claude-opus-5.5',
      'claude-haiku-5.5',
      'claude-fable-5.1',
      'claude-sonnet-5',
      'claude-opus-5',
      'gpt-6.1-sol',
      'gpt-6-sol',
      'gpt-6-luna',
      'gpt-6-astra',
      'gemini-3.8-flash',
      'grok-4.7',
    ],
  },
  // Source: `droid exec --help` of droid 0.215.0, which accepts these names and no aliases.
  droid: {
    byItself: 'gpt-5.6-sol',
    aliases: {},
    models: [
      'gpt-5.6-sol',
      'gpt-6-astra',
      'gpt-5.6-terra',
      'gpt-5.6-luna',
      'claude-fable-5.1',
      'claude-opus-5',
      'claude-sonnet-5',
      'claude-haiku-4-5-20251001',
      'gemini-3.1-pro-preview',
      'gemini-3.8-flash',
      'glm-5.3',
      'kimi-k3',
    ],
  },
  // Source: the package of 2026-09-23, read but not run. Amp has modes; each mode is an alias of a model.
  amp: {
    byItself: 'medium',
    aliases: {
      medium: 'gpt-5.6-sol',
      low: 'glm-5.3-flash',
      high: 'gpt-6-astra',
      ultra: 'claude-fable-5-1',
      smart: 'gpt-5.6-sol',
      deep: 'gpt-5.6-sol',
      large: 'gpt-5.6-sol',
      rush: 'glm-5.3-flash',
    },
    models: ['gpt-5.6-sol', 'glm-5.3-flash', 'gpt-6-astra', 'claude-fable-5-1'],
  },
};

const modelsOf = (agent: Agent, { byItself, aliases, models }: AgentModels): KnownModel[] => [
  ...models.map((name) => ({ agent, name, standsFor: null, isDefault: name === byItself })),
  ...Object.entries(aliases).map(([name, standsFor]) => ({ agent, name, standsFor, isDefault: name === byItself })),
];

const isAgent = (name: string): name is Agent => Object.hasOwn(AGENTS, name);

export const KNOWN_MODELS: readonly KnownModel[] = Object.entries(BY_AGENT).flatMap(([agent, models]) =>
  isAgent(agent) ? modelsOf(agent, models) : [],
);

/** The models that earlier releases put into a new catalogue. A catalogue with no other entries has not been edited. */
export const EARLIER_SEEDS: readonly { readonly agent: Agent; readonly name: string }[] = [
  { agent: 'claude-code', name: 'claude-sonnet-4-5' },
  { agent: 'claude-code', name: 'claude-opus-4-5' },
  { agent: 'claude-code', name: 'claude-haiku-4-5' },
  { agent: 'codex', name: 'gpt-5.1-codex' },
  { agent: 'codex', name: 'gpt-5.1-codex-max' },
  { agent: 'gemini', name: 'gemini-3-pro-preview' },
  { agent: 'gemini', name: 'gemini-2.5-flash' },
];
