import { stringify } from 'yaml';
import { gateQueries } from '../evidence/queries.ts';
import type { Gate, Stage, Stages } from './stages.ts';

/** The header of a file that is generated from stages.yml. */
export const MADE_FROM =
  'Made from ops/rollout/stages.yml: PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test packages/rollout/src/stages';

type Rule = { readonly record: string; readonly expr: string; readonly labels: Readonly<Record<string, string>> };

/**
 * Recording rules for panels and alerts, named `level:metric:operations`: the share of bad events of each gate over
 * five minutes, by cohort if there are cohorts. Gates are not judged by them, because `rate` extrapolates.
 */
export function recordingRules(stages: Stages): string {
  const groups = stages.ladders.map(({ flag, stages: steps }) => {
    const last = steps.at(-1);
    return {
      name: `phaselock-rollout-${flag}`,
      interval: '30s',
      rules: last === undefined ? [] : last.gates.map((gate) => ruleOf(stages, last, gate)),
    };
  });
  return `# ${MADE_FROM}\n${stringify({ groups }, { lineWidth: 0 })}`;
}

function ruleOf(stages: Stages, stage: Stage, gate: Gate): Rule {
  const queries = gateQueries(stages, stage, gate);
  const { label } = stage.cohorts;
  const compares = gate.by === label;
  const level = compares ? `job_${label}` : 'job';
  const by = compares ? `job, ${label}` : 'job';
  const rates = (selectors: readonly string[]): string =>
    selectors.map((selector) => `sum by (${by}) (rate(${selector}[5m]))`).join(' + ');
  const labels = { flag: stage.flag, gate: gate.name };
  switch (queries.kind) {
    case 'bad':
      return {
        record: `${level}:phaselock_rollout_bad:ratio_rate5m`,
        expr: `(${rates(queries.bad)}) / (${rates(queries.total)}${queries.twice.length === 0 ? '' : ` - (${rates(queries.twice)})`})`,
        labels,
      };
    case 'good':
      return {
        record: `${level}:phaselock_rollout_bad:ratio_rate5m`,
        expr: `1 - (${rates(queries.good)}) / (${rates(queries.total)})`,
        labels,
      };
    case 'use':
      return {
        record: 'job_instance:phaselock_rollout_use:ratio_rate5m',
        expr: `sum by (job, instance) (rate(${queries.used}[5m])) / sum by (job, instance) (${queries.capacity})`,
        labels,
      };
  }
}
