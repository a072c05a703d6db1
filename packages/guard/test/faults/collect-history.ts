import type { ErrorCode } from '@phaselock/core';
import { monotonicMicros, type RecordedOperation } from '@phaselock/testkit';
import type { Recorder } from './random-client.ts';

/** Collects the operations of all clients in this process, for the history checker. */
export function collectHistory(): {
  readonly recorder: Recorder;
  operations(): RecordedOperation[];
  readonly failures: Map<ErrorCode, number>;
} {
  const pending = new Map<number, RecordedOperation>();
  const failures = new Map<ErrorCode, number>();
  let last = 0;
  return {
    failures,
    operations: () => [...pending.values()],
    recorder: {
      invoked(operation) {
        const number = ++last;
        pending.set(number, { ...operation, answered: null });
        return (effects) => void pending.set(number, { ...operation, answered: { at: monotonicMicros(), effects } });
      },
      failed: (code) => void failures.set(code, (failures.get(code) ?? 0) + 1),
    },
  };
}
