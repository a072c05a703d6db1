import type { Slo } from '../recording/recording-rules.ts';
import type { RuleContext } from '../rules/rule-context.ts';

/** `page`: a person is called now. `ticket`: it is dealt with in working hours. `none`: the watchdog, which only shows that alerts arrive. */
export type Severity = 'page' | 'ticket' | 'none';

/** Both windows have to burn the budget: the long one proves that it matters, the short one that it still does. */
export type BurnWindows = { readonly long: number; readonly short: number };

/** What is known of an alert without the limits; `condition` adds them. */
export type AlertDefinition = {
  readonly name: `Phaselock${string}`;
  readonly severity: Severity;
  readonly summary: string;
  readonly condition: (context: RuleContext) => AlertCondition;
  readonly slo?: Slo;
  readonly windows?: BurnWindows;
};

export type AlertCondition = {
  readonly expr: string;
  /** In seconds, as it is meant: the pace is applied where the rule is made. */
  readonly for?: number;
  readonly description: string;
};

/** A file of alerts that are about one thing. */
export type AlertGroup = { readonly name: string; readonly alerts: readonly AlertDefinition[] };
