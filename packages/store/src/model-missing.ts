import { sql } from 'kysely';

/**
 * A session's model is missing when its name, or the variant it came from, has no live row any more. Told in the statement that reads the
 * session `s`, so that no list asks once a row; not as a function, which the planner could not fold into the statement.
 */
export const MODEL_MISSING = `(
  s.model is not null and not exists (
    select 1 from models m where m.agent = s.agent and m.name = s.model and m.deleted_at is null)
  or s.variant is not null and not exists (
    select 1 from profiles v where v.agent = s.agent and v.variant = s.variant and v.deleted_at is null))`;

export const modelMissing = sql.raw<boolean>(MODEL_MISSING).as('model_missing');
