import type { Slo } from '../recording/recording-rules.ts';
import type { RuleContext } from '../rules/rule-context.ts';

/**
 * `page`: a person is called at once. `ticket`: handled in working hours. `none`: the watchdog, which only shows that
 * alerts arrive.
 */
export type Severity = 'page' | 'ticket' | 'none';

/**
 * The burn rate has to be exceeded over both windows: the long one shows that much of the budget is spent, the short
 * one that it is still being spent.
 */
export type BurnWindows = { readonly long: number; readonly short: number };

/** One alert. `condition` makes its expression from the limits of stages.yml and the pace of the rules. */
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
  /** In seconds, before `RuleOptions.pace` is applied. */
  readonly for?: number;
  /** In seconds: how long the alert goes on firing after its expression stops returning a value. */
  readonly keepFiringFor?: number;
  readonly description: string;
};

/** Alerts about one part of the product: a group of the rule file. */
export type AlertGroup = { readonly name: string; readonly alerts: readonly AlertDefinition[] };
