/** Two names that differ slightly, one of the same agent that differs, one of another agent. Each is in the catalogue of a new installation. */
const NAMES = [
  'claude-code/claude-sonnet-4-5',
  'claude-code/claude-sonnet-4-6',
  'claude-code/claude-opus-4-5',
  'codex/gpt-6-sol',
] as const;
export type ModelName = (typeof NAMES)[number];
export const MODEL_NAMES: readonly ModelName[] = NAMES;

const MINOR: readonly string[] = ['claude-code/claude-sonnet-4-5', 'claude-code/claude-sonnet-4-6'];

/** As the contract compares these names: another agent, family or major version is a change, another minor version is a slight difference. */
export function compareNames(one: string, other: string): 'same' | 'minor' | 'changed' {
  if (one === other) return 'same';
  return MINOR.includes(one) && MINOR.includes(other) ? 'minor' : 'changed';
}

export function selectionOf(name: string): { agent: string; model: string } {
  const [agent = '', model = ''] = name.split('/');
  return { agent, model };
}

export const nameOfModel = ({ agent, model }: { readonly agent: string; readonly model: string | null }): string =>
  `${agent}/${model ?? ''}`;
