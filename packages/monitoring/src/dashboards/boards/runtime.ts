import { FULL } from '../../alerts/api.ts';
import { RESTARTS } from '../../alerts/targets.ts';
import { JOBS } from '../../promql/jobs.ts';
import { chosen, most, quantile, rate, ratesOf, sum } from '../expressions.ts';
import type { DashboardPlan, RowPlan } from '../plan.ts';

export const runtime = (): DashboardPlan => ({
  uid: 'phaselock-runtime',
  title: 'phaselock: runtime',
  description: 'Which processes run, of which release, since when, and what do they use?',
  jobsOf: 'phaselock_build_info',
  jobs: [JOBS.api, JOBS.worker],
  rows: [processes, use, insides, doors],
});

const processes: RowPlan = {
  title: 'Which processes run',
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
        'Which release each process is, of which commit. Two of them at a time: a deployment is under way, or stopped half way.',
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
      description: 'Of the instance that began most often.',
      unit: 'none',
      queries: [{ expr: `max(changes(${chosen('process_start_time_seconds')}[1h]))`, legend: 'starts' }],
      runbook: 'PhaselockRestarting',
      limit: { at: RESTARTS + 1, bad: 'above' },
      width: 4,
    },
  ],
};

const use: RowPlan = {
  title: 'What they use',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'CPU of its limit',
      description: 'Processor time of each instance as a share of what it may use.',
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
      title: 'Memory of its limit',
      description: 'What each process has in memory, as a share of what it may have. At the whole of it it is killed.',
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
      description: 'What JavaScript uses of its heap. A saw whose low points rise is a leak.',
      unit: 'bytes',
      queries: [{ expr: most(chosen('nodejs_heap_size_used_bytes'), 'instance'), legend: '{{instance}}' }],
      runbook: 'PhaselockMemoryHigh',
      min: 0,
    },
  ],
};

const insides: RowPlan = {
  title: 'Inside',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Event loop delay',
      description: 'The 99th percentile of how late the event loop is.',
      unit: 's',
      queries: [{ expr: most(chosen('nodejs_eventloop_lag_p99_seconds'), 'instance'), legend: '{{instance}}' }],
      runbook: 'PhaselockShedding',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Garbage collection',
      description: 'Share of the time that goes into it, by kind.',
      unit: 'percentunit',
      queries: [{ expr: ratesOf(chosen('nodejs_gc_duration_seconds_sum'), 'kind'), legend: '{{kind}}' }],
      runbook: 'PhaselockMemoryHigh',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Open files',
      description: 'Open file descriptors, connections among them, as a share of what each process may have.',
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
  title: 'At the door of the API',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Open at the moment',
      description: 'Requests that are not answered yet, and of these the streams of changes and the downloads.',
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
      title: 'Turned away',
      description: 'Requests shed for overload, by reason, and those whose caller had used up its share.',
      unit: 'reqps',
      queries: [
        { expr: sum(rate(chosen('phaselock_http_requests_shed_total')), 'reason'), legend: 'shed: {{reason}}' },
        { expr: sum(rate(chosen('phaselock_http_requests_limited_total'))), legend: 'over its share' },
      ],
      runbook: 'PhaselockShedding',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Long answers broken off or refused',
      description:
        'Streams and downloads that were refused for want of a place, or cut because their client did not read.',
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
      title: 'Time of probes',
      description: 'The 95th percentile of the answers to whether a process lives and is ready, and of a scrape.',
      unit: 's',
      queries: [
        { expr: quantile(0.95, chosen('phaselock_http_probe_seconds_bucket'), 'operation'), legend: '{{operation}}' },
      ],
      runbook: 'PhaselockApiDown',
      min: 0,
    },
  ],
};
