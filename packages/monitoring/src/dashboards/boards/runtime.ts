import { FULL } from '../../alerts/api.ts';
import { RESTARTS } from '../../alerts/targets.ts';
import { JOBS } from '../../promql/jobs.ts';
import { chosen, most, quantile, rate, ratesOf, sum } from '../expressions.ts';
import type { DashboardPlan, RowPlan } from '../plan.ts';

export const runtime = (): DashboardPlan => ({
  uid: 'phaselock-runtime',
  title: 'phaselock: runtime',
  description: 'Which processes run, which release, since when, and which resources do they use?',
  jobsOf: 'phaselock_build_info',
  jobs: [JOBS.api, JOBS.worker],
  rows: [processes, use, insides, doors],
});

const processes: RowPlan = {
  title: 'Processes',
  height: 6,
  panels: [
    {
      kind: 'state-timeline',
      title: 'Targets',
      description: 'Whether Prometheus can scrape each process.',
      unit: 'none',
      queries: [{ expr: chosen('up'), legend: '{{job}} {{instance}}' }],
      runbook: 'PhaselockApiDown',
      words: { 0: { text: 'down', color: 'red' }, 1: { text: 'up', color: 'green' } },
      width: 8,
    },
    {
      kind: 'table',
      title: 'Releases',
      description:
        'Release and commit of each process. Two releases at a time: a deployment is in progress or stopped halfway.',
      unit: 'none',
      queries: [
        {
          expr: `max by (job, instance, version, revision) (${chosen('phaselock_build_info')})`,
          legend: '{{instance}}',
        },
      ],
      runbook: 'PhaselockRestarting',
      columns: { job: 'Job', instance: 'Instance', version: 'Release', revision: 'Commit' },
      width: 12,
    },
    {
      kind: 'stat',
      title: 'Starts within an hour',
      description: 'Starts of the instance that was started most often.',
      unit: 'none',
      queries: [{ expr: `max(changes(${chosen('process_start_time_seconds')}[1h]))`, legend: 'starts' }],
      runbook: 'PhaselockRestarting',
      limit: { at: RESTARTS + 1, bad: 'above' },
      width: 4,
    },
  ],
};

const use: RowPlan = {
  title: 'Resource use',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'CPU use',
      description: 'CPU time of each instance as a share of its CPU limit.',
      unit: 'percentunit',
      queries: [
        {
          expr: `${sum(rate(chosen('process_cpu_seconds_total')), 'instance')} / ${sum(chosen('phaselock_cpu_limit_cores'), 'instance')}`,
          legend: '{{instance}}',
        },
      ],
      runbook: 'PhaselockCpuHigh',
      limit: { at: FULL, bad: 'above' },
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Memory use',
      description: 'Resident memory of each process as a share of its memory limit. At 100% the process is killed.',
      unit: 'percentunit',
      queries: [
        {
          expr: `${most(chosen('process_resident_memory_bytes'), 'instance')} / ${most(chosen('phaselock_memory_limit_bytes'), 'instance')}`,
          legend: '{{instance}}',
        },
      ],
      runbook: 'PhaselockMemoryHigh',
      limit: { at: FULL, bad: 'above' },
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Heap',
      description: 'JavaScript heap in use. Low points that rise over time show a memory leak.',
      unit: 'bytes',
      queries: [{ expr: most(chosen('nodejs_heap_size_used_bytes'), 'instance'), legend: '{{instance}}' }],
      runbook: 'PhaselockMemoryHigh',
      min: 0,
    },
  ],
};

const insides: RowPlan = {
  title: 'Node.js internals',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Event loop delay',
      description: 'The 99th percentile of the event loop delay.',
      unit: 's',
      queries: [{ expr: most(chosen('nodejs_eventloop_lag_p99_seconds'), 'instance'), legend: '{{instance}}' }],
      runbook: 'PhaselockShedding',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Garbage collection',
      description: 'Share of the time spent in garbage collection, by kind.',
      unit: 'percentunit',
      queries: [{ expr: ratesOf(chosen('nodejs_gc_duration_seconds_sum'), 'kind'), legend: '{{kind}}' }],
      runbook: 'PhaselockMemoryHigh',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Open files',
      description: 'Open file descriptors, including connections, as a share of the limit of each process.',
      unit: 'percentunit',
      queries: [
        {
          expr: `${most(chosen('process_open_fds'), 'instance')} / ${most(chosen('process_max_fds'), 'instance')}`,
          legend: '{{instance}}',
        },
      ],
      runbook: 'PhaselockConnectionFailures',
      limit: { at: 0.8, bad: 'above' },
      min: 0,
    },
  ],
};

const doors: RowPlan = {
  title: 'Open and refused requests',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Requests in flight',
      description: 'Requests that are not answered yet, and the change streams and downloads among them.',
      unit: 'short',
      queries: [
        { expr: sum(chosen('phaselock_http_requests_in_flight')), legend: 'requests' },
        { expr: sum(chosen('phaselock_http_streams')), legend: 'streams' },
        { expr: sum(chosen('phaselock_http_downloads')), legend: 'downloads' },
      ],
      runbook: 'PhaselockShedding',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Refused requests',
      description: 'Requests shed because of overload, by reason, and requests above the rate limit of their caller.',
      unit: 'reqps',
      queries: [
        { expr: sum(rate(chosen('phaselock_http_requests_shed_total')), 'reason'), legend: 'shed: {{reason}}' },
        { expr: sum(rate(chosen('phaselock_http_requests_limited_total'))), legend: 'rate-limited' },
      ],
      runbook: 'PhaselockShedding',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Refused and cut streams and downloads',
      description:
        'Streams and downloads that were refused because too many were open, or cut because their client did not read.',
      unit: 'ops',
      queries: [
        { expr: sum(rate(chosen('phaselock_http_long_answers_refused_total')), 'kind'), legend: 'refused: {{kind}}' },
        { expr: sum(rate(chosen('phaselock_http_long_answers_cut_total')), 'kind'), legend: 'cut: {{kind}}' },
      ],
      runbook: 'PhaselockShedding',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Probe time',
      description: 'The 95th percentile of the response time of liveness probes, readiness probes and scrapes.',
      unit: 's',
      queries: [
        { expr: quantile(0.95, chosen('phaselock_http_probe_seconds_bucket'), 'operation'), legend: '{{operation}}' },
      ],
      runbook: 'PhaselockApiDown',
      min: 0,
    },
  ],
};
