import type { ModelComparison } from './model-comparison.ts';

/** Why a session left its slot. `collapsed`: an older live duplicate, removed when its task was enrolled. */
export const DELETION_REASONS = ['model-changed', 'user-request', 'session-invalid', 'deleted', 'collapsed'] as const;
export type DeletionReason = (typeof DELETION_REASONS)[number];

/** The reason stored with a replacement: `model-changed` only for a changed model, else `user-request`. */
export const replacementReason = ({
  verdict,
}: ModelComparison): Extract<DeletionReason, 'model-changed' | 'user-request'> =>
  verdict === 'changed' ? 'model-changed' : 'user-request';
