import type { IndicatorName } from '../../src/recording/indicators.ts';
import { type Given, ofApi, ofWorker } from './alert-case.ts';

/** How many events a process counts in each step, and how many of them are bad. */
export type Counted = { readonly events: number; readonly bad: number };

/** How much each step adds to each series. */
type Rates = Readonly<Record<string, number>>;

/** A period in which the process counts events, or is down ('away') before a new process starts counting at 0. */
export type Phase = { readonly steps: number; readonly counted: Counted | 'away' };

/** The series of one instance over consecutive phases, after a first sample of 0. */
export function trafficOver(indicator: IndicatorName, phases: readonly Phase[], instance = 'a'): Given {
  const rates = phases.map(({ steps, counted }) => ({
    steps,
    rates: counted === 'away' ? undefined : ratesOf(indicator, counted, instance),
  }));
  const names = Object.keys(ratesOf(indicator, { events: 0, bad: 0 }, instance));
  return Object.fromEntries(
    names.map((name) => {
      let counted = 0;
      const parts = rates.map(({ steps, rates: added }) => {
        if (added === undefined) {
          counted = 0;
          return `_x${steps}`;
        }
        const each = added[name] ?? 0;
        const from = counted + each;
        counted += each * steps;
        return `${from}+${each}x${steps - 1}`;
      });
      return [name, ['0', ...parts].join(' ')];
    }),
  );
}

/** The series an indicator is computed from, and some that it must ignore. */
function ratesOf(indicator: IndicatorName, { events, bad }: Counted, instance: string): Rates {
  const of = (metric: string, labels: Readonly<Record<string, string>>, each: number): Rates => ({
    [(indicator === 'purge' ? ofWorker : ofApi)(metric, labels, instance)]: each,
  });
  const good = events - bad;
  switch (indicator) {
    case 'availability':
      return {
        ...of('phaselock_http_request_seconds_count', { operation: 'getSession' }, good),
        ...of('phaselock_http_request_seconds_count', { operation: 'startSession' }, bad),
        ...of('phaselock_http_request_seconds_count', { operation: 'unknown' }, 10 * events),
        ...of('phaselock_http_requests_total', { operation: 'getSession', status_class: '2xx' }, good),
        ...of('phaselock_http_requests_total', { operation: 'startSession', status_class: '5xx' }, bad),
        ...of('phaselock_http_requests_total', { operation: 'startSession', status_class: '4xx' }, events),
        ...of('phaselock_http_requests_total', { operation: 'readiness', status_class: '5xx' }, events),
        ...of('phaselock_http_requests_total', { operation: 'taskChanges', status_class: '5xx' }, events),
      };
    case 'replacement':
      return {
        ...of('phaselock_session_replacement_attempts_total', { outcome: 'replaced', cohort: 'treatment' }, good),
        ...of('phaselock_session_replacement_attempts_total', { outcome: 'failed', cohort: 'control' }, bad),
        ...of('phaselock_session_replacement_attempts_total', { outcome: 'refused', cohort: 'control' }, 10 * events),
      };
    case 'lookup':
      return {
        ...of('phaselock_session_lookup_seconds_count', { source: 'database' }, events),
        ...of('phaselock_session_lookup_seconds_bucket', { source: 'database', le: '0.1' }, good),
        ...of('phaselock_session_lookup_seconds_count', { source: 'memory' }, 10 * events),
        ...of('phaselock_session_lookup_seconds_bucket', { source: 'memory', le: '0.1' }, 10 * events),
      };
    case 'replacement_time':
      return {
        ...of('phaselock_session_replacement_seconds_count', { cohort: 'treatment' }, events),
        ...of('phaselock_session_replacement_seconds_bucket', { cohort: 'treatment', le: '0.5' }, good),
        ...of('phaselock_session_replacement_seconds_bucket', { cohort: 'treatment', le: '0.25' }, 0),
      };
    case 'starts':
      return {
        ...of('phaselock_session_starts_total', { outcome: 'created' }, good),
        ...of('phaselock_session_starts_total', { outcome: 'busy' }, bad),
        ...of('phaselock_session_starts_total', { outcome: 'refused' }, 10 * events),
      };
    case 'pool_wait':
      return {
        ...of('phaselock_pool_wait_seconds_count', {}, events),
        ...of('phaselock_pool_wait_seconds_bucket', { le: '0.1' }, good),
        ...of('phaselock_pool_wait_seconds_bucket', { le: '0.05' }, 0),
      };
    case 'connections':
      return {
        ...of('phaselock_pool_wait_seconds_count', {}, events),
        ...of('phaselock_pool_connection_failures_total', {}, bad),
        ...of('phaselock_pool_wait_timeouts_total', {}, bad),
      };
    case 'lock_timeouts':
      return {
        ...of('phaselock_lock_acquisitions_total', { strategy: 'pessimistic' }, good),
        ...of('phaselock_lock_timeouts_total', { strategy: 'pessimistic' }, bad),
      };
    case 'lock_contention':
      return {
        ...of('phaselock_lock_acquisitions_total', { strategy: 'pessimistic' }, events),
        ...of('phaselock_lock_timeouts_total', { strategy: 'pessimistic' }, 0),
        ...of('phaselock_lock_contention_total', { strategy: 'pessimistic' }, bad),
      };
    case 'shed':
      return {
        ...of('phaselock_http_request_seconds_count', { operation: 'getSession' }, events),
        ...of('phaselock_http_requests_shed_total', { reason: 'pool' }, bad),
      };
    case 'storage':
      return {
        ...of('phaselock_http_request_seconds_count', { operation: 'getSession' }, events),
        ...of('phaselock_errors_total', { code: 'storage_full', cohort: 'none' }, bad),
        ...of('phaselock_errors_total', { code: 'task_not_found', cohort: 'none' }, events),
      };
    case 'redis':
      return {
        ...of('phaselock_cache_requests_total', { layer: 'redis', result: 'hit' }, good),
        ...of('phaselock_cache_requests_total', { layer: 'redis', result: 'failed' }, bad),
        ...of('phaselock_cache_requests_total', { layer: 'trusted', result: 'bypassed' }, events),
      };
    case 'invalidations':
      return {
        ...of('phaselock_cache_invalidations_total', { result: 'delivered' }, good),
        ...of('phaselock_cache_invalidations_total', { result: 'failed' }, bad),
        ...of('phaselock_cache_invalidations_total', { result: 'ignored' }, events),
      };
    case 'purge':
      return {
        ...of('phaselock_archive_sessions_archived_total', {}, good),
        ...of('phaselock_archive_failures_total', { code: 'store_unavailable' }, bad),
      };
  }
}
