/**
 * The canonical text of an event, as in migration 0023, and the hash of a chain. Written out with built-in functions:
 * the functions of the audited database may have been replaced.
 */
export const canonicalEvent = (e: string): string => `
  jsonb_build_array(
    'phaselock-event/1', ${e}.task_id, ${e}.phase, ${e}.mode, ${e}.session_id, ${e}.place, ${e}.type, ${e}.reason, ${e}.generation,
    ${e}.predecessor_id, ${e}.actor, (extract(epoch from ${e}.at) * 1000000)::bigint, ${e}.detail)::text`;

export const eventHash = (before: string, e: string): string => `
  sha256(coalesce(${before}, sha256(convert_to('phaselock-session/1 ' || ${e}.session_id, 'UTF8'))) || convert_to(${canonicalEvent(e)}, 'UTF8'))`;
