import { allowedBy, gateNamed, LONG_WAIT_SECONDS } from '../recording/indicators.ts';
import { MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

/** A few long waits are no small pool. */
const LONG_WAITS = 0.05;
/** Every second operation finds its slot held by another one. */
const CONTENDED = 0.5;

export const POOL_AND_LOCKS: AlertGroup = {
  name: 'phaselock-pool-and-locks',
  alerts: [
    {
      name: 'PhaselockPoolWaitLong',
      severity: 'ticket',
      summary: 'Connections of the database are waited for',
      condition: (context) => ({
        expr: shareAbove(context, { indicator: 'pool_wait', window: 30 * MINUTE, limit: LONG_WAITS }),
        for: 5 * MINUTE,
        description: `{{ $value | humanizePercentage }} of the waits for a connection of the last 30 minutes were longer than ${LONG_WAIT_SECONDS * 1_000} ms.`,
      }),
    },
    {
      name: 'PhaselockConnectionFailures',
      severity: 'page',
      summary: 'Connections of the database cannot be had',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'connections',
          window: 5 * MINUTE,
          limit: allowedBy(gateNamed(context.stages, 'connection_failures')),
        }),
        for: 2 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the connections asked for within 5 minutes were refused or waited for in vain.',
      }),
    },
    {
      name: 'PhaselockLockTimeouts',
      severity: 'ticket',
      summary: 'Locks of slots are given up',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'lock_timeouts',
          window: 30 * MINUTE,
          limit: allowedBy(gateNamed(context.stages, 'lock_timeouts')),
        }),
        for: 5 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the locks asked for within 30 minutes were given up: their callers were told that the session is being modified.',
      }),
    },
    {
      name: 'PhaselockLockContention',
      severity: 'ticket',
      summary: 'Slots are fought for',
      condition: (context) => ({
        expr: shareAbove(context, { indicator: 'lock_contention', window: 30 * MINUTE, limit: CONTENDED }),
        for: 5 * MINUTE,
        description:
          'To 100 locks asked for within 30 minutes, slots were found held or changed by another {{ $value | humanizePercentage }} of as many times.',
      }),
    },
  ],
};
