import type { ModelComparison } from './model-comparison.ts';

/** Why a session left its slot. */
export const DELETION_REASONS = ['model-changed', 'user-request', 'session-invalid', 'deleted', 'collapsed'] as const;
export type DeletionReason = (typeof DELETION_REASONS)[number];

/** Only a changed model is called one: a replacement for less than that is what somebody asked for. */
export const replacementReason = ({
  verdict,
}: ModelComparison): Extract<DeletionReason, 'model-changed' | 'user-request'> =>
  verdict === 'changed' ? 'model-changed' : 'user-request';
