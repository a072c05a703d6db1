/** Sessions with a process whose attempt does not exist or belongs to another task. */
export const ATTEMPTS_SIEVE = `
  select p.session_id as id from processes p left join attempts a on a.id = p.attempt_id
  where a.id is null or a.task_id <> p.task_id`;
