import { type Catalogue, meaningsOf } from './catalogue.ts';
import { at, entriesAt, textAt } from './read.ts';

/** Family and major version of each model of the walk. Two models are a change if these differ. */
const TRAITS: Readonly<Record<string, string>> = {
  'claude-sonnet-4-5': 'sonnet 4',
  'claude-sonnet-4-6': 'sonnet 4',
  'claude-sonnet-4-5-20250929': 'sonnet 4',
  'claude-3-7-sonnet-20250219': 'sonnet 3',
  'claude-sonnet-9': 'sonnet 9',
  'claude-opus-4-5': 'opus 4',
  'claude-haiku-4-5': 'haiku 4',
  'gpt-5.1-codex': 'gpt codex 5',
  'gpt-5-codex': 'gpt codex 5',
  'gemini-3-pro-preview': 'gemini pro 3',
  'gemini-2.5-pro': 'gemini pro 2',
};
const CRITICAL = ['reasoning_effort', 'temperature'] as const;
/** Agents without models; all their selections are equal. */
const WITHOUT_MODELS = new Set(['amp', 'qwen-code']);

/** The traits a stored identity may have had when its process began; empty if unknown. */
export function traitsOf(
  catalogue: Catalogue,
  identity: unknown,
  when: readonly [number, number],
): ReadonlySet<string> {
  const agent = textAt(identity, 'agent') ?? '';
  if (WITHOUT_MODELS.has(agent)) return new Set([agent]);
  const resolved = textAt(identity, 'resolvedModel');
  const name = textAt(identity, 'model') ?? null;
  const meanings = resolved === undefined ? meaningsOf(catalogue, { agent, name }, when) : new Set([resolved]);
  const traits = [...meanings].map((meaning) => TRAITS[meaning]);
  if (traits.some((trait) => trait === undefined)) return new Set();
  return new Set(traits.map((trait) => `${agent} ${trait} ${criticalOf(identity)}`));
}

const criticalOf = (identity: unknown): string =>
  CRITICAL.map((name) => JSON.stringify(new Map(entriesAt(identity, 'parameters')).get(name) ?? null)).join(' ');

/** True only if the two have no possible meaning in common; unknown traits are no change. */
export const isChanged = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size > 0 && other.size > 0 && ![...one].some((trait) => other.has(trait));

export const modelName = (process: unknown): string => JSON.stringify(at(process, 'model'));
