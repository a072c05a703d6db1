import { describe, expect, it } from 'vitest';
import { createTelemetry } from './create-telemetry.ts';
import { GAUGES } from './gauge-catalogue.ts';
import { COUNTERS, HISTOGRAMS } from './metric-catalogue.ts';
import { everyCombination } from './metric-specs.ts';

const series = (name: string, labels: Record<string, string>): string => {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
};

describe('exposition', () => {
  it.each([...Object.values(COUNTERS), ...Object.values(GAUGES)])(
    'contains every series of $name at 0 from the start',
    async (spec) => {
      const lines = (await createTelemetry().exposition()).split('\n');
      for (const labels of everyCombination(spec.labels)) expect(lines).toContain(`${series(spec.name, labels)} 0`);
    },
  );

  it.each(Object.values(HISTOGRAMS))('contains every bucket of $name at 0 from the start', async (spec) => {
    const lines = (await createTelemetry().exposition()).split('\n');
    for (const labels of everyCombination(spec.labels)) {
      for (const le of [...spec.buckets.map(String), '+Inf']) {
        expect(lines).toContain(`${series(`${spec.name}_bucket`, { le, ...labels })} 0`);
      }
      expect(lines).toContain(`${series(`${spec.name}_count`, labels)} 0`);
    }
  });

  it.each([
    ['phaselock_session_lookup_seconds_bucket{le="0.1",source="database",cohort="treatment"}', 'lookups, 100 ms'],
    ['phaselock_pool_wait_seconds_bucket{le="0.05"}', 'pool waits, 50 ms'],
    ['phaselock_pool_wait_seconds_bucket{le="0.1"}', 'pool waits, 100 ms'],
    ['phaselock_pool_wait_seconds_bucket{le="5"}', 'pool waits, longest possible'],
    ['phaselock_session_replacement_seconds_bucket{le="0.5",cohort="control"}', 'replacements, 500 ms'],
  ])('has the bucket %s for the threshold: %s', async (bucket) => {
    expect(await createTelemetry().exposition()).toContain(`${bucket} `);
  });

  it('names every metric in base units, with a help text', async () => {
    const text = await createTelemetry().exposition();
    for (const { name, help } of Object.values(COUNTERS)) {
      expect(name).toMatch(/^phaselock_[a-z_]+_total$/);
      expect(text).toContain(`# HELP ${name} ${help}`);
    }
    for (const { name } of Object.values(HISTOGRAMS))
      expect(name).toMatch(/^phaselock_[a-z_]+(_seconds|_per_statement)$/);
  });

  it('contains process metrics only when a program is given', async () => {
    expect(await createTelemetry().exposition()).not.toContain('process_cpu_seconds_total');
    const program = { version: '1.2.3', revision: 'unknown' };
    const text = await createTelemetry({ program }).exposition();
    expect(text).toContain('process_cpu_seconds_total');
    const info = /^phaselock_build_info\{version="1\.2\.3",revision="unknown",process="([\da-f-]{36})"\} 1$/m;
    const [, process] = info.exec(text) ?? [];
    expect(process).toBeDefined();
    expect((await createTelemetry({ program }).exposition()).match(info)?.[1]).not.toBe(process);
    expect(text).toMatch(/^phaselock_cpu_limit_cores [\d.]+$/m);
    expect(text).toMatch(/^phaselock_memory_limit_bytes \d+$/m);
    expect(text).not.toMatch(/^nodejs_active_\w+_total/m);
  });

  it('uses the Prometheus text format unless the scraper accepts OpenMetrics', async () => {
    const telemetry = createTelemetry();
    for (const accept of [undefined, '', '*/*', 'text/plain;version=0.0.4', 'application/openmetrics-textual'])
      expect(await telemetry.answerScrape(accept)).toEqual({
        text: await telemetry.exposition(),
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
      });
  });

  it('contains no series for an unknown value', async () => {
    const telemetry = createTelemetry();
    const names = /^phaselock_(?:legacy_duplicates|audit_\w+)(?:\{.*\})? .*$/gm;
    expect((await telemetry.exposition()).match(names)).toBeNull();
    telemetry.data.legacyDuplicates(0);
    telemetry.data.audited('all', { finishedAt: new Date(1_500), findings: { error: 0, warning: 2, undecidable: 7 } });
    expect((await telemetry.exposition()).match(names)).toEqual([
      'phaselock_legacy_duplicates 0',
      'phaselock_audit_last_run_timestamp_seconds 1.5',
      'phaselock_audit_findings{severity="error"} 0',
      'phaselock_audit_findings{severity="warning"} 2',
      'phaselock_audit_findings{severity="undecidable"} 7',
    ]);
    telemetry.data.audited('incremental', {
      finishedAt: new Date(2_500),
      findings: { error: 1, warning: 0, undecidable: 0 },
    });
    expect((await telemetry.exposition()).match(names)).toEqual([
      'phaselock_legacy_duplicates 0',
      'phaselock_audit_last_run_timestamp_seconds 1.5',
      'phaselock_audit_findings{severity="error"} 0',
      'phaselock_audit_findings{severity="warning"} 2',
      'phaselock_audit_findings{severity="undecidable"} 7',
      'phaselock_audit_incremental_last_run_timestamp_seconds 2.5',
      'phaselock_audit_incremental_findings{severity="error"} 1',
      'phaselock_audit_incremental_findings{severity="warning"} 0',
      'phaselock_audit_incremental_findings{severity="undecidable"} 0',
    ]);
    telemetry.data.legacyDuplicates(undefined);
    expect(await telemetry.exposition()).not.toMatch(/^phaselock_legacy_duplicates /m);
  });
});

describe('recording', () => {
  it('counts each event under its labels', async () => {
    const telemetry = createTelemetry();
    telemetry.sessionStarted({ outcome: 'replaced', phase: 'run', mode: 'debug', cohort: 'treatment' });
    telemetry.replacementAttempted('moved_on', 'control');
    telemetry.sessionReplaced({ reason: 'model-changed', cohort: 'treatment', seconds: 0.3 });
    telemetry.asked('keep_or_replace_required', 'treatment');
    telemetry.lookedUp('redis', 'control', 0.02);
    telemetry.startedUnguarded();
    telemetry.legacyCollapsed(3);
    telemetry.turnDecided('follow-up');
    telemetry.turnEnded('lost', 2);
    telemetry.writeFenced('heartbeat');
    telemetry.sessionDeleted('deleted', 4);
    telemetry.bulkDone('delete', 5);
    telemetry.replayed();
    telemetry.feedbackGiven('good', 'control');
    telemetry.failed('session_being_modified', 'treatment');
    telemetry.failed('unexpected', 'none');
    telemetry.lock.acquired('redis', 0.2);
    telemetry.lock.held('redis', 0.3);
    telemetry.lock.contended('pessimistic');
    telemetry.lock.timedOut('optimistic');
    telemetry.lock.retried('redis');
    telemetry.pool.waited(0.04);
    telemetry.pool.waitTimedOut(4.5);
    telemetry.pool.connectionFailed();
    telemetry.groups.sent('heartbeat', 9);
    telemetry.groups.leftOut('begin_turn', 2);
    telemetry.cache.requested('memory', 'hit');
    telemetry.cache.invalidated('retried');
    const lines = (await telemetry.exposition()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'phaselock_session_starts_total{outcome="replaced",phase="run",mode="debug",cohort="treatment"} 1',
        'phaselock_session_replacements_total{reason="model-changed"} 1',
        'phaselock_session_replacement_attempts_total{outcome="moved_on",cohort="control"} 1',
        'phaselock_session_replacement_seconds_bucket{le="0.25",cohort="treatment"} 0',
        'phaselock_session_replacement_seconds_bucket{le="0.5",cohort="treatment"} 1',
        'phaselock_session_questions_total{question="keep_or_replace_required",cohort="treatment"} 1',
        'phaselock_session_lookup_seconds_sum{source="redis",cohort="control"} 0.02',
        'phaselock_unguarded_starts_total 1',
        'phaselock_legacy_sessions_collapsed_total 3',
        'phaselock_turns_total{decision="follow-up"} 1',
        'phaselock_turns_ended_total{ending="lost"} 2',
        'phaselock_fenced_writes_total{operation="heartbeat"} 1',
        'phaselock_sessions_deleted_total{reason="deleted"} 4',
        'phaselock_bulk_operations_total{operation="delete"} 1',
        'phaselock_bulk_items_total{operation="delete"} 5',
        'phaselock_idempotent_replays_total 1',
        'phaselock_feedback_total{rating="good",cohort="control"} 1',
        'phaselock_errors_total{code="session_being_modified",cohort="treatment"} 1',
        'phaselock_errors_total{code="unexpected",cohort="none"} 1',
        'phaselock_lock_acquisitions_total{strategy="redis"} 1',
        'phaselock_lock_acquisition_seconds_bucket{le="0.25",strategy="redis"} 1',
        'phaselock_lock_hold_seconds_bucket{le="0.25",strategy="redis"} 0',
        'phaselock_lock_hold_seconds_bucket{le="0.5",strategy="redis"} 1',
        'phaselock_lock_contention_total{strategy="pessimistic"} 1',
        'phaselock_lock_timeouts_total{strategy="optimistic"} 1',
        'phaselock_lock_retries_total{strategy="redis"} 1',
        'phaselock_pool_wait_seconds_bucket{le="0.05"} 1',
        'phaselock_pool_wait_seconds_bucket{le="2.5"} 1',
        'phaselock_pool_wait_seconds_bucket{le="5"} 2',
        'phaselock_pool_wait_timeouts_total 1',
        'phaselock_pool_connection_failures_total 1',
        'phaselock_writes_per_statement_bucket{le="8",write="heartbeat"} 0',
        'phaselock_writes_per_statement_bucket{le="16",write="heartbeat"} 1',
        'phaselock_writes_left_out_total{write="begin_turn"} 2',
        'phaselock_cache_requests_total{layer="memory",result="hit"} 1',
        'phaselock_cache_invalidations_total{result="retried"} 1',
      ]),
    );
  });

  it('reads pool gauges at each scrape until the pool is removed', async () => {
    const telemetry = createTelemetry();
    let active = 1;
    const forget = telemetry.pool.observe(() => ({ active, idle: 2, waiting: 0, max: 16 }));
    telemetry.pool.observe(() => ({ active: 10, idle: 0, waiting: 3, max: 10 }));
    active = 5;
    expect(await telemetry.exposition()).toContain('phaselock_pool_connections{state="active"} 15');
    expect(await telemetry.exposition()).toContain('phaselock_pool_max_connections 26');
    forget();
    expect(await telemetry.exposition()).toContain('phaselock_pool_connections{state="active"} 10');
  });

  it('ignores invalid values without an exception or a new series', async () => {
    const telemetry = createTelemetry();
    const before = await telemetry.exposition();
    telemetry.lookedUp('memory', 'control', Number.NaN);
    telemetry.lookedUp('memory', 'control', -1);
    telemetry.pool.waited(Number.POSITIVE_INFINITY);
    telemetry.sessionDeleted('deleted', Number.NaN);
    // @ts-expect-error a label value from outside the closed set
    telemetry.failed('claude-opus-4-5', 'none');
    expect(await telemetry.exposition()).toBe(before);
  });

  it('keeps separate counts for each telemetry', async () => {
    createTelemetry().replayed();
    expect(await createTelemetry().exposition()).toContain('phaselock_idempotent_replays_total 0');
  });
});
