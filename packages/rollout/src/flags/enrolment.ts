import { type EvaluationDetails, StandardResolutionReasons } from '@openfeature/server-sdk';
import { GUARD_FLAG } from '@phaselock/core';
import type { FlagClient } from './flag-client.ts';
import type { FlagWatch } from './watch-flags.ts';

/**
 * Whether the single-session rule applies to a caller. One outside the rollout still meets it at a task that was guarded before: a task does not go
 * back and forth with its users. Off, it applies to nobody.
 */
export type Enrolment = 'enrolled' | 'outside' | 'off';

type Parts = { readonly watch: Pick<FlagWatch, 'flags'>; readonly client: Pick<FlagClient, 'boolean'> };

/** The database is asked first: it can switch the rule off whatever a flag system of another maker says. */
export async function enrolmentOf({ watch, client }: Parts, subject: string | undefined): Promise<Enrolment> {
  const flag = (await watch.flags()).get(GUARD_FLAG);
  if (flag?.enabled !== true) return 'off';
  return decideEnrolment(await client.boolean(GUARD_FLAG, false, contextOf(subject)));
}

const contextOf = (subject: string | undefined) => (subject === undefined ? {} : { targetingKey: subject });

function decideEnrolment({ value, reason, errorCode }: EvaluationDetails<boolean>): Enrolment {
  // A provider of another maker may answer with anything, such as the text 'false'.
  if (value === true) return 'enrolled';
  // A flag system that fails has switched nothing off.
  return errorCode === undefined && reason === StandardResolutionReasons.DISABLED ? 'off' : 'outside';
}
