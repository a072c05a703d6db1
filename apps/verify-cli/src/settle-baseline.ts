import { type AuditSummary, type Finding, finding } from '@phaselock/audit';
import type { Baseline } from './baseline.ts';
import { many } from './count-words.ts';
import type { Verify } from './read-arguments.ts';

type Settled = {
  /** One SV902 for each entry that no longer occurs and stays in the file. */
  readonly findings: readonly Finding[];
  /** What was done with the file. */
  readonly notes: readonly string[];
};

/**
 * Compares the baseline with a finished audit, and writes its file if requested. An entry counts as out of date only if
 * its rule was checked completely: over everything, to its end, and with every step.
 */
export async function settleBaseline(
  baseline: Baseline,
  { wanted }: Pick<Verify, 'wanted'>,
  summary: AuditSummary,
): Promise<Settled> {
  const { path, write, prune } = baseline.choice;
  if (summary.incomplete.length > 0)
    return { findings: [], notes: write || prune ? [`${path} was not changed, because the audit is incomplete.`] : [] };
  const checked = wanted.kind === 'all' ? summary.ran.filter((rule) => !summary.partly.includes(rule)) : [];
  const outdated = baseline.notFound(new Set<string>(checked));
  const removed = prune ? outdated : [];
  const changed = baseline.added() + removed.length > 0;
  if (write || changed) await baseline.save(removed);
  const onlyAll = prune && wanted.kind !== 'all';
  return {
    findings: prune ? [] : outdated.map(outOfDate),
    notes: [
      ...(write || changed ? [`${path}: ${many(baseline.added(), 'finding')} added, ${removed.length} removed.`] : []),
      ...(onlyAll ? [`Nothing was removed from ${path}: only --all shows which findings no longer occur.`] : []),
    ],
  };
}

const outOfDate = (entry: string): Finding =>
  finding(
    'SV902',
    {},
    { kind: 'object', id: entry, message: 'the baseline excuses this finding, but it no longer occurs' },
  );
