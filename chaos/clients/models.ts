/**
 * Two models that differ by a minor version, one of the same agent but another family, one of another agent. All are in
 * the catalogue of a new installation.
 */
const NAMES = [
  'claude-code/claude-sonnet-4-5',
  'claude-code/claude-sonnet-4-6',
  'claude-code/claude-opus-4-5',
  'codex/gpt-6-sol',
] as const;
export type ModelName = (typeof NAMES)[number];
export const MODEL_NAMES: readonly ModelName[] = NAMES;

const MINOR: readonly string[] = ['claude-code/claude-sonnet-4-5', 'claude-code/claude-sonnet-4-6'];

/**
 * Compares these names as the product does: another agent, family or major version is a change, another minor version
 * is minor.
 */
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
