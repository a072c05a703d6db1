import type { Logger } from '@phaselock/telemetry';

/** When each phase of the start ended, in milliseconds since the process began. */
type Phases = {
  readonly since: number;
  readonly connected: number;
  readonly prepared: number;
  readonly opened: number;
};

export function tellStarted(logger: Pick<Logger, 'info'>, { since, connected, prepared, opened }: Phases): void {
  logger.info(
    {
      'event.action': 'service-started',
      'phaselock.start.load_ms': since,
      'phaselock.start.database_ms': connected - since,
      'phaselock.start.schema_ms': prepared - connected,
      'phaselock.start.service_ms': opened - prepared,
    },
    'the service is ready',
  );
}

export const tellCutShort = (logger: Pick<Logger, 'warn'>): void =>
  logger.warn({ 'event.action': 'service-stopped-early' }, 'requests in flight were aborted at the shutdown deadline');
