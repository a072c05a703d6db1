import { OUTSIDE_THE_GUARD, type SlotState } from '@phaselock/core';
import type { Cohort } from '@phaselock/telemetry';
import type { CountedAnswer } from './start-outcome.ts';

/** The cohort of a rollout: treatment where the single-session rule was applied, control where it was not. */
export const cohortOf = (guarded: boolean): Cohort => (guarded ? 'treatment' : 'control');

/** What a start was answered tells it, whoever asked; where nothing was decided on the slot, whether the rule applies to it, as far as that is known. */
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

/** Of a lookup: whether the slot has ever been guarded. A slot where no guarded start was ever decided has no row, so its version is 0. */
export const cohortOfSlot = ({ version, generation, live }: SlotState): Cohort =>
  cohortOf(version > 0 || generation > OUTSIDE_THE_GUARD || live?.guarded === true);

/** Of what was looked up, or asked for, together: one that is guarded makes it a matter of the rule. */
export const cohortOfMany = (cohorts: readonly Cohort[]): Cohort => cohortOf(cohorts.includes('treatment'));
