import type { Parameters, ParameterValue } from './model-identity.ts';
import { parseTokenCount } from './token-count.ts';

/** Alternative spellings of the parameters that matter, keyed by the canonical name under which they are compared. */
const SPELLINGS = {
  reasoning_effort: ['model_reasoning_effort', 'reasoning_id', 'reasoning', 'effort', 'effort_level', 'thinking_level'],
  thinking_budget: ['thinking_budget_tokens', 'thinking_tokens', 'max_thinking_tokens', 'budget_tokens'],
  temperature: ['model_temperature', 'temp'],
  context_window: ['model_context_window', 'context_length', 'context_size', 'max_context_tokens', 'num_ctx'],
  system_prompt: ['system', 'system_message', 'base_instructions'],
  append_system_prompt: ['developer_instructions'],
  thinking: ['enable_thinking', 'thinking_enabled', 'extended_thinking', 'always_thinking_enabled'],
} as const;

const CANONICAL_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(SPELLINGS).flatMap(([name, spellings]) => spellings.map((spelling) => [spelling, name] as const)),
);

const CAMEL_HUMP = /([a-z0-9])([A-Z])/g;
const NAME_SEPARATORS = /[\s.-]+/g;
const DECIMAL = /^-?\d{1,15}(?:\.\d{1,15})?$/;

/**
 * Maps each spelling of a parameter to one name: `model_reasoning_effort` and `reasoningId` become `reasoning_effort`.
 */
export function canonicalParameterName(name: string): string {
  const snake = name.replace(CAMEL_HUMP, '$1_$2').replace(NAME_SEPARATORS, '_').toLowerCase();
  return CANONICAL_NAMES.get(snake) ?? snake;
}

/**
 * Normalizes a text only if it can only be a number or a level. For another parameter, `1.10` and `1.1` may be
 * different values.
 */
function canonicalValue(name: string, value: ParameterValue): ParameterValue {
  if (typeof value !== 'string') return value;
  switch (name) {
    case 'reasoning_effort':
      return value.trim().toLowerCase();
    case 'thinking_budget':
    case 'context_window':
      return parseTokenCount(value) ?? value;
    case 'temperature':
      return DECIMAL.test(value.trim()) ? Number(value) : value;
    default:
      return value;
  }
}

/**
 * Parameters under their canonical names. Null counts as absent. Keys are sorted first, so that their order has no
 * effect.
 */
export function canonicalParameters(
  parameters: Parameters,
  contextWindow: number | null,
): ReadonlyMap<string, ParameterValue> {
  const canonical = new Map<string, ParameterValue>();
  const add = (spelling: string, given: ParameterValue): void => {
    const name = canonicalParameterName(spelling);
    const value = canonicalValue(name, given);
    const held = canonical.get(name);
    if (value === null || value === held) return;
    // Two spellings with different values: it is unknown which one the agent applies, so both are kept.
    canonical.set(name, held === undefined ? value : `${held} / ${value}`);
  };
  for (const [name, value] of Object.entries(parameters).sort(byName)) add(name, value);
  add('context_window', contextWindow);
  return canonical;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : Number(a > b);
