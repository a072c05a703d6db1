import { canonicalParameterName, canonicalParameters } from './canonical-parameters.ts';
import type { EffectiveModel } from './effective-model.ts';
import type { ComparisonReason } from './model-comparison.ts';
import type { ModelIdentity, Parameters, ParameterValue } from './model-identity.ts';
import type { ModelPolicy } from './model-policy.ts';

/**
 * Returns the differences between the parameters under their canonical names, including the context window of the model
 * name. A difference in a parameter that the policy lists as critical is a model change; any other is minor.
 */
export function compareParameters(
  previous: ModelIdentity,
  next: ModelIdentity,
  models: { readonly previous: EffectiveModel; readonly next: EffectiveModel },
  policy: ModelPolicy,
): readonly ComparisonReason[] {
  if (
    models.previous.contextWindow === models.next.contextWindow &&
    sameParameters(previous.parameters, next.parameters)
  ) {
    return [];
  }
  const before = canonicalParameters(previous.parameters, models.previous.contextWindow);
  const after = canonicalParameters(next.parameters, models.next.contextWindow);
  const isCritical = (name: string): boolean =>
    policy.criticalParameters.some((critical) => canonicalParameterName(critical) === name);
  return differences(before, after, isCritical);
}

/** Compares parameters as written and treats every difference as critical (strict policy). */
export function compareParametersPlainly(previous: Parameters, next: Parameters): readonly ComparisonReason[] {
  return differences(new Map(Object.entries(previous)), new Map(Object.entries(next)), () => true);
}

/** Whether names and values are equal as written. */
export function sameParameters(previous: Parameters, next: Parameters): boolean {
  if (previous === next) return true;
  const names = Object.keys(previous);
  if (names.length !== Object.keys(next).length) return false;
  return names.every((name) => Object.hasOwn(next, name) && sameValue(previous[name] ?? null, next[name] ?? null));
}

function differences(
  before: ReadonlyMap<string, ParameterValue>,
  after: ReadonlyMap<string, ParameterValue>,
  isCritical: (name: string) => boolean,
): readonly ComparisonReason[] {
  const reasons: ComparisonReason[] = [];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [previous, next] = [before.get(name) ?? null, after.get(name) ?? null];
    if (!sameValue(previous, next))
      reasons.push({ field: 'parameter', name, critical: isCritical(name), previous, next });
  }
  return reasons;
}

/** NaN equals NaN here; otherwise a session with a NaN parameter would always differ from itself. */
const sameValue = (a: ParameterValue, b: ParameterValue): boolean => a === b || Object.is(a, b);
