import type { RuleId } from '../rules.ts';

/** One kind of fault in an Obra database: `id`, `task_id` and `what` of each row are those of a finding. */
export type ObraQuery = { readonly rule: RuleId; readonly sql: string };

/**
 * In days: the time of an interaction is stored in whole seconds, that of a session with fractions, so an interaction
 * may seem up to one second too early.
 */
export const CLOCK_STEP = '1.0 / 86400';
