import type { Slo } from '../recording/recording-rules.ts';
import type { RuleContext } from '../rules/rule-context.ts';

/** `page`: a person is called at once. `ticket`: handled in working hours. `none`: the watchdog, which only shows that alerts arrive. */
export type Severity = 'page' | 'ticket' | 'none';

/** The burn rate has to be exceeded over both windows: the long one shows that much of the budget is spent, the short one that it is still being spent. */
export type BurnWindows = { readonly long: number; readonly short: number };

/** An alert without its limits, which `condition` adds. */
export type AlertDefinition = {
  readonly name: `Phaselock${string}`;
  readonly severity: Severity;
  readonly summary: string;
  readonly condition: (context: RuleContext) => AlertCondition;
  readonly slo?: Slo;
  readonly windows?: BurnWindows;
};

type AlertCondition = {
  readonly expr: string;
  /** In seconds, unpaced: the pace is applied where the rule is made. */
  readonly for?: number;
  /** In seconds: how long it goes on firing after its expression has no value any more. */
  readonly keepFiringFor?: number;
  readonly description: string;
};

/** Alerts about one part of the product: a group of the rule file. */
export type AlertGroup = { readonly name: string; readonly alerts: readonly AlertDefinition[] };
