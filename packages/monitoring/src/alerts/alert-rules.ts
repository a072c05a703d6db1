import { durationText } from '../rules/durations.ts';
import { type RuleContext, type RuleOptions, ruleContext } from '../rules/rule-context.ts';
import { ruleFile } from '../rules/rule-file.ts';
import type { AlertDefinition, AlertGroup, Severity } from './alert.ts';
import { API } from './api.ts';
import { AUDIT } from './audit.ts';
import { BUDGET_BURN } from './budget-burn.ts';
import { CACHE_AND_FLAGS } from './cache-and-flags.ts';
import { GUARD } from './guard.ts';
import { POOL_AND_LOCKS } from './pool-and-locks.ts';
import { PURGE } from './purge.ts';
import { TARGETS } from './targets.ts';

const GROUPS: readonly AlertGroup[] = [TARGETS, BUDGET_BURN, API, GUARD, POOL_AND_LOCKS, CACHE_AND_FLAGS, PURGE, AUDIT];

export type ListedAlert = {
  readonly name: string;
  readonly severity: Severity;
  readonly group: string;
  readonly summary: string;
  /** The file within ops/runbooks. */
  readonly runbook: string;
  /** Set for budget alerts, of which several share a name. `long` is the value of their label `window`. */
  readonly windows: { readonly long: string; readonly short: string } | null;
};

/** Every alert, with one entry for each rule. */
export const ALERTS: readonly ListedAlert[] = GROUPS.flatMap(({ name: group, alerts }) =>
  alerts.map(({ name, severity, summary, windows }) => ({
    name,
    severity,
    group,
    summary,
    runbook: runbookOf(name),
    windows: windows === undefined ? null : { long: durationText(windows.long), short: durationText(windows.short) },
  })),
);

export function alertRules(options: RuleOptions): string {
  const context = ruleContext(options);
  return ruleFile(GROUPS.map(({ name, alerts }) => ({ name, rules: alerts.map((alert) => ruleOf(context, alert)) })));
}

function ruleOf(context: RuleContext, { name, severity, summary, condition, slo, windows }: AlertDefinition) {
  const { expr, for: lasting, keepFiringFor, description } = condition(context);
  return {
    alert: name,
    expr,
    ...(lasting !== undefined && { for: context.range(lasting) }),
    ...(keepFiringFor !== undefined && { keep_firing_for: context.range(keepFiringFor) }),
    labels: {
      severity,
      service: 'phaselock',
      ...(slo !== undefined && { slo }),
      ...(windows !== undefined && { window: durationText(windows.long) }),
    },
    annotations: { summary, description, runbook_url: context.runbook(runbookOf(name)) },
  };
}

/** The runbook file of an alert: PhaselockApiDown has api-down.md. */
function runbookOf(name: AlertDefinition['name']): string {
  const words = name.slice('Phaselock'.length).replaceAll(/(?<!^)[A-Z]/g, '-$&');
  return `${words.toLowerCase()}.md`;
}
