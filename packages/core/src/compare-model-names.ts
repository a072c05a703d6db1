import type { EffectiveModel } from './effective-model.ts';
import type { ComparisonReason } from './model-comparison.ts';
import type { ModelName } from './parse-model-name.ts';

/**
 * How two models differ by name. A model that the agent chooses itself has no known name, so it equals only another
 * such choice.
 */
export function compareModelNames(previous: EffectiveModel, next: EffectiveModel): readonly ComparisonReason[] {
  if (previous.title === next.title) return [];
  if (previous.name === null || next.name === null) {
    return [{ field: 'model', previous: previous.title, next: next.title }];
  }
  return compareParsed(previous.name, next.name);
}

/**
 * Reports only the most significant difference, because versions of different families, or releases of different
 * versions, cannot be compared.
 */
function compareParsed(previous: ModelName, next: ModelName): readonly ComparisonReason[] {
  if (previous.family !== next.family) return [{ field: 'family', previous: previous.family, next: next.family }];
  if ((previous.major === null) !== (next.major === null)) {
    return unresolved(previous, next, ({ major }) => major === null);
  }
  if (previous.major !== next.major) {
    return [{ field: 'major-version', previous: versionOf(previous), next: versionOf(next) }];
  }
  if (previous.minor !== next.minor) {
    return [{ field: 'minor-version', previous: versionOf(previous), next: versionOf(next) }];
  }
  if (previous.release === next.release) return [];
  if (previous.moving || next.moving) return unresolved(previous, next, ({ moving }) => moving);
  return [{ field: 'release', previous: previous.release, next: next.release }];
}

/**
 * A name without a definite version may or may not mean the other name's version: the comparison is undecidable, not
 * "same".
 */
function unresolved(previous: ModelName, next: ModelName, vague: (name: ModelName) => boolean): ComparisonReason[] {
  const reasons: ComparisonReason[] = [];
  if (vague(previous)) reasons.push({ field: 'unresolved', side: 'previous', why: whyVague(previous) });
  if (vague(next)) reasons.push({ field: 'unresolved', side: 'next', why: whyVague(next) });
  return reasons;
}

const whyVague = ({ moving }: ModelName): string => (moving ? 'moving-alias' : 'no-version');

const versionOf = ({ major, minor }: ModelName): string | null => (major === null ? null : `${major}.${minor ?? 0}`);
