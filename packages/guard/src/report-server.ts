import type { ServerEvent } from '@phaselock/store';
import type { Logger, Telemetry } from '@phaselock/telemetry';

type Reporting = {
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly telemetry?: Pick<Telemetry, 'embeddedServer'>;
};

/**
 * Logs the events of an embedded PostgreSQL server: what happened, what phaselock does, and what the operator must do.
 */
export const reportServer =
  ({ logger, telemetry }: Reporting) =>
  (event: ServerEvent): void => {
    switch (event.kind) {
      case 'ended':
        telemetry?.embeddedServer.ended();
        logger.error(
          {
            'event.action': 'postgres-ended',
            'phaselock.postgres.pid': event.pid,
            'phaselock.postgres.log': event.log,
            'phaselock.postgres.said': event.said,
          },
          'the embedded PostgreSQL ended without being told to: it is being restarted. Until it runs, requests are answered with 503 and /readyz reports database-restarting',
        );
        return;
      case 'not-starting':
        logger.error(
          { err: event.error, 'event.action': 'postgres-not-starting', 'phaselock.postgres.trouble': event.trouble },
          `the embedded PostgreSQL does not start. ${whatToDo(event)} The next try is in ${seconds(event.nextTryMs)}, later tries follow at most 10 s apart`,
        );
        return;
      case 'running-again':
        telemetry?.embeddedServer.runningAgain();
        logger.warn(
          {
            'event.action': 'postgres-running-again',
            'phaselock.postgres.pid': event.pid,
            'phaselock.postgres.tries': event.tries,
          },
          `the embedded PostgreSQL runs again after ${seconds(event.downMs)}: ${event.startedHere ? 'started by this process' : 'another process started it'}. No action is needed`,
        );
        return;
    }
  };

function whatToDo({ trouble, dataDir, port }: Extract<ServerEvent, { kind: 'not-starting' }>): string {
  switch (trouble) {
    case 'storage-full':
      return `The disk with ${dataDir} is full: free some space; phaselock starts PostgreSQL again by itself.`;
    case 'port-taken':
      return `Another program listens on its port ${port}: end that program; phaselock starts PostgreSQL again by itself.`;
    case 'other':
      return `Look at the error, and at ${dataDir}/server.log; phaselock keeps trying.`;
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
