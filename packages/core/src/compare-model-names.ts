import type { EffectiveModel } from './effective-model.ts';
import type { ComparisonReason } from './model-comparison.ts';
import type { ModelName } from './parse-model-name.ts';

/** How two models differ by name. What the agent picks by itself nobody can name, so it equals only itself. */
export function compareModelNames(previous: EffectiveModel, next: EffectiveModel): readonly ComparisonReason[] {
  if (previous.title === next.title) return [];
  if (previous.name === null || next.name === null) {
    return [{ field: 'model', previous: previous.title, next: next.title }];
  }
  return compareParsed(previous.name, next.name);
}

/** Only the widest difference is told: between two families versions mean nothing, between two versions releases do not. */
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

/** A side that does not say which version it is could be the other's version or any other: that is not to tell, and not "same". */
function unresolved(previous: ModelName, next: ModelName, vague: (name: ModelName) => boolean): ComparisonReason[] {
  const reasons: ComparisonReason[] = [];
  if (vague(previous)) reasons.push({ field: 'unresolved', side: 'previous', why: whyVague(previous) });
  if (vague(next)) reasons.push({ field: 'unresolved', side: 'next', why: whyVague(next) });
  return reasons;
}

const whyVague = ({ moving }: ModelName): string => (moving ? 'moving-alias' : 'no-version');

const versionOf = ({ major, minor }: ModelName): string | null => (major === null ? null : `${major}.${minor ?? 0}`);
