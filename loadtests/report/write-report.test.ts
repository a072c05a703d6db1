import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../chaos/random.ts';
import type { JournalLine } from '../journal/journal-line.ts';
import type { Proof } from '../proof/prove-run.ts';
import { aDuration, BEGAN_MS, began, createCalls, type MadeUpRun, writeRun } from '../testing/made-up-run.ts';
import { readResult } from './result.ts';
import { callsOf, percentileOf, seriesOf, tally } from './series-of-result.ts';
import { writeReport } from './write-report.ts';

const PROVEN: Proof = { calls: 1, promises: [], checkers: [], audit: null, notChecked: [], findings: [] };
const SECONDS = 120;

type Wanted = { readonly lookupMs?: number; readonly outage?: readonly [number, number] };

/**
 * Ten calls per second in each arm. Calls during the outage get no answer, and those of the five seconds after it are
 * slow.
 */
function* calls({ lookupMs = 20, outage = [-1, -1] }: Wanted = {}): Generator<JournalLine> {
  const random = createRandom(7);
  const call = createCalls();
  yield began();
  for (let at = 0; at < SECONDS * 1_000; at += 100) {
    const [from, to] = outage;
    const lost = at >= from && at < to;
    const slow = at >= to && at < to + 5_000 && to > 0 ? 10 : 1;
    const took = (medianMs: number) => (lost ? 1_000 : slow * aDuration(random, medianMs));
    const outcome = lost ? ('unknown' as const) : ('ok' as const);
    yield call('lookup', 'look', at, { arm: 'open', until: at + took(lookupMs), outcome });
    yield call('replace', 'start', at, { arm: 'open', until: at + took(60), outcome });
    yield call('heartbeat', 'heartbeat', at, { until: at + took(5), outcome });
  }
}

async function reported(run: MadeUpRun, proof: Proof = PROVEN) {
  await using folder = await temporaryDirectory();
  await writeRun(folder.path, run);
  const verdict = await writeReport({ folder: folder.path, proof });
  const page = await readFile(join(folder.path, 'report.html'), 'utf8');
  return { verdict, page, result: await readResult(folder.path) };
}

const sampled = (cores: number, memoryBytes: number) =>
  Array.from({ length: SECONDS }, (_, second) => ({
    wallMs: BEGAN_MS + second * 1_000,
    of: 'postgresql',
    cpuSeconds: second * cores,
    memoryBytes,
  }));

describe('a result', () => {
  test('counts every call once, with percentiles at most 2 % too high', async () => {
    const { result } = await reported({ lines: calls() });
    const lookups = tally(seriesOf(result, 'lookup', 'open')?.windows ?? []);
    expect(callsOf(lookups)).toBe(SECONDS * 10);
    expect(result.windows).toHaveLength(60);
    expect(percentileOf(lookups, 0.5)).toBeGreaterThan(18);
    expect(percentileOf(lookups, 0.5)).toBeLessThan(22);
  });

  test('counts shed calls separately from unanswered calls', async () => {
    const call = createCalls();
    const shed = call('lookup', 'look', 0, { outcome: 'unknown', status: 503, code: 'overloaded' });
    const lost = call('lookup', 'look', 0, { outcome: 'unknown' });
    const { result } = await reported({ lines: [began(), shed, lost] });
    expect(tally(seriesOf(result, 'lookup', 'closed')?.windows ?? [])).toMatchObject({ ok: 0, unknown: 1, shed: 1 });
  });

  test('has windows within the periods of the purge worker', async () => {
    const period = (purge: boolean, from: number, to: number) => ({
      is: 'period',
      purge,
      at: BEGAN_MS + from * 1_000,
      until: BEGAN_MS + to * 1_000,
    });
    const files = { 'periods.ndjson': [period(false, 0, 55), period(true, 60, 115)] };
    const { result } = await reported({ lines: calls(), files });
    expect(
      result.windows.filter(({ purge }) => purge === true).every(({ from, to }) => from >= 60_000 && to <= 115_000),
    ).toBe(true);
    expect(result.windows.filter(({ purge }) => purge === false).every(({ to }) => to <= 55_000)).toBe(true);
  });
});

describe('recovery', () => {
  const fault = (name: string) => ({
    'faults.ndjson': [{ is: 'fault', name, at: BEGAN_MS + 40_000, until: BEGAN_MS + 50_000 }],
  });

  test('is measured from the end of a fault to the first write and to normal latency', async () => {
    const lines = calls({ outage: [40_000, 50_000] });
    const { result } = await reported({ lines, files: fault('connections cut'), facts: { scenario: 'recovery' } });
    const [recovery] = result.faults;
    expect(recovery).toMatchObject({ from: 'end', at: 40_000, until: 50_000 });
    expect(recovery?.firstWriteMs).toBeLessThan(2_000);
    expect(recovery?.normalMs).toBe(5_000);
  });

  test('is measured from the kill if something was killed', async () => {
    const lines = calls({ outage: [40_000, 50_000] });
    const { result } = await reported({ lines, files: fault('PostgreSQL killed'), facts: { scenario: 'recovery' } });
    expect(result.faults[0]).toMatchObject({ from: 'kill', normalMs: 15_000 });
    expect(result.faults[0]?.firstWriteMs).toBeGreaterThanOrEqual(10_000);
  });

  test('is null if it does not happen within the run', async () => {
    const lines = calls({ outage: [40_000, SECONDS * 1_000] });
    const { result } = await reported({ lines, files: fault('connections cut'), facts: { scenario: 'recovery' } });
    expect(result.faults[0]).toMatchObject({ firstWriteMs: null, normalMs: null });
  });
});

describe('a verdict', () => {
  test('passes if every limit is kept', async () => {
    const { verdict } = await reported({ lines: calls() });
    expect(verdict).toEqual({ passed: true, misses: [] });
  });

  test('names a missed latency limit of the open arm', async () => {
    const { verdict } = await reported({ lines: calls({ lookupMs: 90 }) });
    expect(verdict.misses).toEqual([
      expect.stringMatching(/^p95 of a lookup, open arm: \d+ ms, the limit is < 100 ms$/),
    ]);
  });

  test('counts unanswered calls as slower than all answered ones', async () => {
    const { verdict } = await reported({ lines: calls({ outage: [10_000, 20_000] }) });
    expect(verdict.misses).toContain('p95 of a lookup, open arm: not measured, or no answer, the limit is < 100 ms');
  });

  test('applies latency limits to successful calls only, and a separate limit to refused arrivals', async () => {
    const call = createCalls();
    const lines = [began(), ...[...calls({ lookupMs: 150 })].filter((line) => line.is === 'operation')];
    for (let at = 0; at < SECONDS * 1_000; at += 10) {
      lines.push(call('lookup', 'look', at, { arm: 'open', until: at + 2, outcome: 'refused' }));
      const asked = { outcome: 'refused' as const, code: 'replace_confirmation_required' };
      lines.push(call('question', 'start', at, { arm: 'open', ...asked }));
    }
    const { verdict } = await reported({ lines });
    expect(verdict.misses).toEqual([
      expect.stringMatching(/^p95 of a lookup, open arm: \d+ ms, the limit is < 100 ms$/),
      'refused calls, open arm: 45.5 %, the limit is < 1 %',
    ]);
  });

  test('names dropped arrivals from either summary format of k6', async () => {
    for (const dropped of [{ count: 4 }, { values: { count: 4 } }]) {
      const files = { 'summary.json': [{ metrics: { dropped_iterations: dropped } }] };
      const { verdict } = await reported({ lines: calls(), files });
      expect(verdict.misses).toEqual(['arrivals that were dropped: 4 arrivals, the limit is none']);
    }
  });

  test('fails without the k6 summary that counts dropped arrivals', async () => {
    await expect(reported({ lines: calls(), files: { 'summary.json': [] } })).rejects.toThrow();
    await using folder = await temporaryDirectory();
    await writeRun(folder.path, { lines: calls() });
    await rm(join(folder.path, 'summary.json'));
    await expect(writeReport({ folder: folder.path, proof: PROVEN })).rejects.toThrow('k6 left no summary.json');
  });

  test('leaves out limits of operations that a scenario does not perform', async () => {
    const call = createCalls();
    const lines = [began(), call('start', 'start', 0), call('heartbeat', 'heartbeat', 100)];
    const runners = await reported({ lines, facts: { scenario: 'runners' } });
    expect(runners.verdict).toEqual({ passed: true, misses: [] });
    expect(runners.result.limits.map(({ what }) => what)).toEqual([
      'starts without an answer',
      'thresholds that k6 found crossed',
    ]);
    const contention = await reported({ lines, facts: { scenario: 'contention' } });
    expect(contention.verdict.misses).toEqual([expect.stringMatching(/^replacements without an answer: not measured/)]);
  });

  test('names CPU and memory that exceed their limits or were not sampled', async () => {
    const facts = { scenario: 'users-500' };
    const busy = { 'resources.ndjson': sampled(1.7, 6 * 1024 ** 3) };
    expect((await reported({ lines: calls(), files: busy, facts })).verdict.misses).toEqual([
      expect.stringContaining('CPU of API and PostgreSQL, highest mean of 10 s, of the machine: 85 %'),
      'memory of API and PostgreSQL, highest: 6 GiB, the limit is < 5 GiB',
    ]);
    const idle = { 'resources.ndjson': sampled(1.5, 2 * 1024 ** 3) };
    expect((await reported({ lines: calls(), files: idle, facts })).verdict.misses).toEqual([]);
    expect((await reported({ lines: calls(), facts })).verdict.misses).toHaveLength(2);
  });

  test('names crossed k6 thresholds', async () => {
    const { verdict } = await reported({ lines: calls(), facts: { k6Exit: 99 } });
    expect(verdict.misses).toEqual([expect.stringContaining('thresholds that k6 found crossed')]);
  });

  test('fails if the proof has findings, which its page lists', async () => {
    const { verdict, page } = await reported(
      { lines: calls() },
      { ...PROVEN, findings: ['sessions: session-lost: <s>'] },
    );
    expect(verdict).toEqual({ passed: false, misses: [] });
    expect(page).toContain('sessions: session-lost: &lt;s&gt;');
    expect(page).not.toContain('<script');
  });
});
