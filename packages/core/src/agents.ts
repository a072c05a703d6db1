/** The coding agents of the specification, and whether a model can be chosen for each. */
export const AGENTS = {
  'claude-code': { title: 'ClaudeCode', hasConfigurableModel: true },
  gemini: { title: 'Gemini', hasConfigurableModel: true },
  codex: { title: 'Codex', hasConfigurableModel: true },
  opencode: { title: 'Opencode', hasConfigurableModel: true },
  'cursor-agent': { title: 'CursorAgent', hasConfigurableModel: true },
  copilot: { title: 'Copilot', hasConfigurableModel: true },
  droid: { title: 'Droid', hasConfigurableModel: true },
  amp: { title: 'Amp', hasConfigurableModel: false },
  'qwen-code': { title: 'QwenCode', hasConfigurableModel: false },
} as const satisfies Record<string, { title: string; hasConfigurableModel: boolean }>;

export type Agent = keyof typeof AGENTS;

const compact = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '');

const AGENT_BY_NAME: ReadonlyMap<string, Agent> = new Map(
  Object.keys(AGENTS)
    .filter((name): name is Agent => name in AGENTS)
    .map((agent) => [compact(agent), agent]),
);

/** Ignores case, spaces, hyphens and underscores: `ClaudeCode`, `CLAUDE_CODE` and `claude-code` are the same agent. */
export function parseAgent(name: string): Agent | undefined {
  return AGENT_BY_NAME.get(compact(name));
}
