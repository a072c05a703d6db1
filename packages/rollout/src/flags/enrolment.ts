import { type EvaluationDetails, StandardResolutionReasons } from '@openfeature/server-sdk';
import { GUARD_FLAG } from '@phaselock/core';
import type { FlagClient } from './flag-client.ts';
import type { FlagWatch } from './watch-flags.ts';

/**
 * Whether the single-session rule applies to a caller. For a caller outside the rollout it still applies to tasks that
 * were guarded before, so that a task does not change with its users. If it is off, it applies to nobody.
 */
export type Enrolment = 'enrolled' | 'outside' | 'off';

type Parts = { readonly watch: Pick<FlagWatch, 'flags'>; readonly client: Pick<FlagClient, 'boolean'> };

/** Queries the database first: it can switch the rule off, whatever a third-party provider returns. */
export async function enrolmentOf({ watch, client }: Parts, subject: string | undefined): Promise<Enrolment> {
  const flag = (await watch.flags()).get(GUARD_FLAG);
  if (flag?.enabled !== true) return 'off';
  return decideEnrolment(await client.boolean(GUARD_FLAG, false, contextOf(subject)));
}

const contextOf = (subject: string | undefined) => (subject === undefined ? {} : { targetingKey: subject });

function decideEnrolment({ value, reason, errorCode }: EvaluationDetails<boolean>): Enrolment {
  // A third-party provider may return any value, such as the text 'false'.
  if (value === true) return 'enrolled';
  // A failed provider does not switch the rule off.
  return errorCode === undefined && reason === StandardResolutionReasons.DISABLED ? 'off' : 'outside';
}
