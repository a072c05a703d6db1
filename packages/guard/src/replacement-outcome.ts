import type { ErrorCode } from '@phaselock/core';
import type { ReplacementOutcome } from '@phaselock/telemetry';
import { refusalOutcome } from './refusal-outcome.ts';

type Answer =
  | { readonly kind: 'replaced' | 'created-beside' | 'created' | 'existing' | 'started' | 'ask' }
  | { readonly kind: 'refused' | 'failed'; readonly code: ErrorCode };

/**
 * The metric label of an attempt to replace a session. An answer that replaced nothing is `moved_on`, because the slot
 * changed after the caller was shown it.
 */
export function replacementOutcome(answer: Answer): ReplacementOutcome {
  switch (answer.kind) {
    case 'replaced':
      return 'replaced';
    case 'created-beside':
      return 'beside';
    case 'created':
    case 'existing':
    case 'started':
    case 'ask':
      return 'moved_on';
    case 'refused':
    case 'failed':
      return refusalOutcome(answer.code);
  }
}
