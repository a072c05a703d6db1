import type { ErrorCode } from '@phaselock/core';
import type { ReplacementOutcome } from '@phaselock/telemetry';
import { refusalOutcome } from './refusal-outcome.ts';

type Answer =
  | { readonly kind: 'replaced' | 'created-beside' | 'created' | 'existing' | 'started' | 'ask' }
  | { readonly kind: 'refused' | 'failed'; readonly code: ErrorCode };

/** What an attempt to replace a session came to. Where nothing is left to be replaced, the slot has moved on from what its caller was shown. */
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
