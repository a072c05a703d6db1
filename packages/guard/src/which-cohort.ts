import { OUTSIDE_THE_GUARD, type SlotState } from '@phaselock/core';
import type { Cohort } from '@phaselock/telemetry';
import type { CountedAnswer } from './start-outcome.ts';

/** The cohort of a rollout: treatment where the single-session rule was applied, control where it was not. */
export const cohortOf = (guarded: boolean): Cohort => (guarded ? 'treatment' : 'control');

/**
 * The cohort of a start by its answer. If nothing was decided on the slot: by whether the rule applies, as far as that
 * is known.
 */
export function cohortOfStart({ guarded }: { readonly guarded: boolean }, answer: CountedAnswer): Cohort {
  switch (answer.kind) {
    case 'created':
    case 'existing':
    case 'replaced':
    case 'ask':
      return 'treatment';
    case 'created-beside':
      return 'control';
    case 'refused':
      return answer.code === 'session_moved_on' ? 'treatment' : cohortOf(guarded);
    case 'failed':
      return cohortOf(guarded);
  }
}

/**
 * The cohort of a lookup: treatment if the slot has ever been guarded. A slot without any guarded start has no row, so
 * its version is 0.
 */
export const cohortOfSlot = ({ version, generation, live }: SlotState): Cohort =>
  cohortOf(version > 0 || generation > OUTSIDE_THE_GUARD || live?.guarded === true);

/** The cohort of several slots in one call: treatment if one of them is guarded. */
export const cohortOfMany = (cohorts: readonly Cohort[]): Cohort => cohortOf(cohorts.includes('treatment'));
