import type { Agent } from './agents.ts';
import type { ModelName } from './parse-model-name.ts';

/** What counts as a model change, as far as that is a matter of choice. */
export type ModelPolicy = {
  /** Any inequality of model, variant or parameters is a change; for auditing systems that compare plainly. Nothing is looked up. */
  readonly strict: boolean;
  /** Canonical names of parameters whose difference is a change; any other parameter is a minor one. */
  readonly criticalParameters: readonly string[];
  /** What an agent runs when no model is named. Without an entry, "default" and a name are different models. */
  readonly defaultModels: Readonly<Partial<Record<Agent, string>>>;
  /**
   * Moving names in lower case, such as `sonnet`, and the model each stands for today; `codex mini` is the name `mini` of one agent. Looked up
   * only for an identity that does not say what its name stood for.
   */
  readonly aliases: Readonly<Record<string, string>>;
  /** Names parsed beforehand, in lower case: what a catalogue lists need not be parsed at every comparison. */
  readonly parsedNames?: ReadonlyMap<string, ModelName>;
};

export const DEFAULT_MODEL_POLICY: ModelPolicy = {
  strict: false,
  criticalParameters: [
    'reasoning_effort',
    'thinking_budget',
    'temperature',
    'context_window',
    'system_prompt',
    'append_system_prompt',
    'thinking',
  ],
  defaultModels: {},
  aliases: {},
};

export const STRICT_MODEL_POLICY: ModelPolicy = { ...DEFAULT_MODEL_POLICY, strict: true };
