import { allowedBy, gateNamed, LONG_WAIT_SECONDS } from '../recording/indicators.ts';
import { MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

/** The share of long waits above which the pool counts as too small. */
const LONG_WAITS = 0.05;
/** The limit for conflicts per lock request: one conflict for every two requests. */
export const CONTENDED = 0.5;

export const POOL_AND_LOCKS: AlertGroup = {
  name: 'phaselock-pool-and-locks',
  alerts: [
    {
      name: 'PhaselockPoolWaitLong',
      severity: 'ticket',
      summary: 'Long waits for database connections',
      condition: (context) => ({
        expr: shareAbove(context, { indicator: 'pool_wait', window: 30 * MINUTE, limit: LONG_WAITS }),
        for: 5 * MINUTE,
        description: `{{ $value | humanizePercentage }} of the waits for a database connection over 30 minutes were longer than ${LONG_WAIT_SECONDS * 1_000} ms.`,
      }),
    },
    {
      name: 'PhaselockConnectionFailures',
      severity: 'page',
      summary: 'Database connections fail',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'connections',
          window: 5 * MINUTE,
          limit: allowedBy(gateNamed(context.stages, 'connection_failures')),
          lately: 2 * MINUTE,
        }),
        // Longer than `lately`, so a short burst of failures does not fire the alert.
        for: 3 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the requests for a database connection of 5 minutes failed: refused, or timed out in the queue.',
      }),
    },
    {
      name: 'PhaselockLockTimeouts',
      severity: 'ticket',
      summary: 'Lock requests time out',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'lock_timeouts',
          window: 30 * MINUTE,
          limit: allowedBy(gateNamed(context.stages, 'lock_timeouts')),
        }),
        for: 5 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the lock requests over 30 minutes timed out. Their callers were answered session_being_modified.',
      }),
    },
    {
      name: 'PhaselockLockContention',
      severity: 'ticket',
      summary: 'High lock contention',
      condition: (context) => ({
        expr: shareAbove(context, { indicator: 'lock_contention', window: 30 * MINUTE, limit: CONTENDED }),
        for: 5 * MINUTE,
        description:
          'Lock contention: {{ $value | humanize }} conflicts per lock request over 30 minutes. A conflict is a slot found locked or changed by another caller.',
      }),
    },
  ],
};
