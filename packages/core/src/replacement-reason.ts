/** Why a session left its slot. */
export const DELETION_REASONS = ['model-changed', 'user-request', 'session-invalid', 'deleted', 'collapsed'] as const;
export type DeletionReason = (typeof DELETION_REASONS)[number];
