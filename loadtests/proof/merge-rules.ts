import type { CheckedRule } from '../../chaos/check-history.ts';

/** Merges the results of each checker: a run is judged in parts, because its journal may not fit into memory. */
export function mergeRules(rules: readonly CheckedRule[]): CheckedRule[] {
  return [...Map.groupBy(rules, ({ checker }) => checker)].map(([checker, ofParts]) => {
    const compared: Record<string, number> = {};
    for (const part of ofParts)
      for (const [what, count] of Object.entries(part.compared)) compared[what] = (compared[what] ?? 0) + count;
    return { checker, compared, findings: ofParts.flatMap(({ findings }) => findings) };
  });
}
