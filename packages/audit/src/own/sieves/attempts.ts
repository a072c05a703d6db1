import { CLOCK_STEP } from '../tolerances.ts';

/** Sessions with a process whose attempt does not exist, belongs to another task, or is younger than the process. */
export const ATTEMPTS_SIEVE = `
  select p.session_id as id from processes p left join attempts a on a.id = p.attempt_id
  where a.id is null or a.task_id <> p.task_id or p.started_at < a.created_at - ${CLOCK_STEP}`;
