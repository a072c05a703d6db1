import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasPrometheus, prometheusWith } from '../../test/prometheus-with.ts';
import { stageOf, stagesForTests } from '../../test/repository-stages.ts';
import { worldLines } from '../../test/synthetic-world.ts';
import { collectEvidence, emptyMemory } from '../evidence/collect-evidence.ts';
import { judgeStage } from '../gates/judge-stage.ts';
import { openPrometheus } from './open-prometheus.ts';
import { replayPrometheus } from './replay-prometheus.ts';

const FROM = 1_790_000_000_000;
const HOUR = 3_600_000;
const stages = stagesForTests();
const stage = stageOf(stages, 2);

/** One process is replaced by another that counts from 0. */
const restartedAt = FROM + HOUR / 2;
const lines = worldLines({
  from: FROM,
  to: FROM + 2 * HOUR,
  percent: 25,
  failing: { treatment: 0.002 },
  change: ({ metric, instance, at, value }) => {
    if (instance !== 'api-1:8080' || at <= restartedAt) return value;
    if (metric === 'process_start_time_seconds') return restartedAt / 1_000;
    return value >= 10_000 ? value - 10_000 : value;
  },
});

describe.skipIf(!hasPrometheus && process.env.CI !== 'true')('a real Prometheus', () => {
  const owned = new AsyncDisposableStack();
  let url = '';
  beforeAll(async () => {
    url = await prometheusWith(lines, owned);
  });
  afterAll(() => owned.disposeAsync());

  test('gives the same evidence as a replay of its samples, in one collection and in several', async () => {
    const prometheus = openPrometheus({ url, bounds: stages.prometheus });
    const memory = emptyMemory();
    for (const to of [FROM, FROM + 10 * 60_000, FROM + HOUR, FROM + 2 * HOUR]) {
      const input = { stages, stage, from: FROM, to };
      const replayed = await collectEvidence(replayPrometheus(lines), input);
      expect(await collectEvidence(prometheus, input)).toEqual(replayed);
      expect(await collectEvidence(prometheus, input, memory)).toEqual(replayed);
      expect(replayed.refusals).toEqual([]);
    }
  });

  test('holds a bake with a restart, and passes one that starts after it', async () => {
    const prometheus = openPrometheus({ url, bounds: stages.prometheus });
    const expected = { enabled: true, percent: 25, version: 7 };
    const to = FROM + 2 * HOUR;
    const held = judgeStage({
      stages,
      stage,
      expected,
      evidence: await collectEvidence(prometheus, { stages, stage, from: FROM, to }),
    });
    expect(held.holds.map(({ reason }) => reason)).toEqual(['process_ended']);
    const from = held.holds[0]?.bakeFrom ?? FROM;
    const anew = judgeStage({
      stages,
      stage,
      expected,
      evidence: await collectEvidence(prometheus, { stages, stage, from, to }),
    });
    expect(anew).toMatchObject({ outcome: 'pass', holds: [] });
  });

  test('returns a refusal, not an empty answer, for an invalid query', async () => {
    const prometheus = openPrometheus({ url, bounds: stages.prometheus });
    expect(await prometheus.instant('up{', FROM)).toMatchObject({ kind: 'refused', why: 'http_error' });
    expect(await prometheus.raw('rate(up[5m])', FROM, FROM + 1)).toMatchObject({ kind: 'refused', why: 'http_error' });
  });
});
