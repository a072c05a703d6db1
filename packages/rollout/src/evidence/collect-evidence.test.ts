import { describe, expect, test } from 'vitest';
import { stageOf, stagesForTests } from '../../test/repository-stages.ts';
import { SCRAPE_MS, worldLines } from '../../test/synthetic-world.ts';
import { judgeStage } from '../gates/judge-stage.ts';
import { recordPrometheus } from '../prometheus/record-prometheus.ts';
import { readRecording } from '../prometheus/recording.ts';
import { replayPrometheus } from '../prometheus/replay-prometheus.ts';
import { collectEvidence, emptyMemory } from './collect-evidence.ts';

const FROM = 1_790_000_000_000;
const HOUR = 3_600_000;
const stages = stagesForTests();
const stage = stageOf(stages, 4);
const world = { from: FROM, to: FROM + 8 * HOUR, percent: 100, failing: { treatment: 0.003 } };
const lines = worldLines(world);

describe('the repeated collection over a bake', () => {
  test('returns the same evidence as one collection over the whole bake', async () => {
    const memory = emptyMemory();
    for (let to = FROM; to <= FROM + 2 * HOUR; to += 7 * 60_000 + 1_234) {
      const input = { stages, stage, from: FROM, to };
      expect(await collectEvidence(replayPrometheus(lines), input, memory)).toEqual(
        await collectEvidence(replayPrometheus(lines), input),
      );
    }
  });

  test('reads only new samples', async () => {
    const memory = emptyMemory();
    const ranges: number[] = [];
    const counting = recordPrometheus(replayPrometheus(lines), (line) => {
      if (line.kind === 'answer' && line.from !== null) ranges.push(line.to - line.from);
    });
    await collectEvidence(counting, { stages, stage, from: FROM, to: FROM + 8 * HOUR - SCRAPE_MS }, memory);
    expect(Math.max(...ranges)).toBe(stages.prometheus.chunkMs);
    ranges.length = 0;
    await collectEvidence(counting, { stages, stage, from: FROM, to: FROM + 8 * HOUR }, memory);
    expect(Math.max(...ranges)).toBeLessThan(10 * SCRAPE_MS);
  });

  test('continues where a query failed', async () => {
    const memory = emptyMemory();
    const whole = replayPrometheus(lines);
    let left = 30;
    const failing = {
      ...whole,
      raw: async (...asked: Parameters<typeof whole.raw>) => {
        left -= 1;
        return left > 0 ? whole.raw(...asked) : { kind: 'refused' as const, why: 'timeout' as const, detail: 'late' };
      },
    };
    const input = { stages, stage, from: FROM, to: FROM + 8 * HOUR };
    expect((await collectEvidence(failing, input, memory)).refusals).toHaveLength(1);
    expect(await collectEvidence(whole, input, memory)).toEqual(await collectEvidence(whole, input));
  });
});

test('a recording leads to the same verdict', async () => {
  const written: string[] = [];
  const recording = recordPrometheus(replayPrometheus(lines), (line) => written.push(JSON.stringify(line)));
  const input = { stages, stage, from: FROM, to: FROM + HOUR };
  const expected = { enabled: true, percent: 100, version: 7 };
  const first = judgeStage({ stages, stage, evidence: await collectEvidence(recording, input), expected });
  const replayed = replayPrometheus(readRecording(written.join('\n')));
  const second = judgeStage({ stages, stage, evidence: await collectEvidence(replayed, input), expected });
  expect(second).toEqual(first);
  expect(first.outcome).not.toBe('inconclusive');
});

test('a replay refuses a query that was not recorded', async () => {
  const written: string[] = [];
  const recording = recordPrometheus(replayPrometheus(lines), (line) => written.push(JSON.stringify(line)));
  await collectEvidence(recording, { stages, stage, from: FROM, to: FROM + HOUR });
  const replayed = replayPrometheus(readRecording(written.join('\n')));
  const { refusals } = await collectEvidence(replayed, { stages, stage, from: FROM, to: FROM + HOUR + 1 });
  expect(refusals).not.toEqual([]);
});

test('an invalid recording is refused with its line number', () => {
  expect(() => readRecording('{"kind":"series","labels":{},"samples":[]}\n{"kind":"nothing"}')).toThrow(
    /^line 2 of the recording/,
  );
  expect(() => readRecording('nothing')).toThrow(/^line 1 of the recording is not JSON/);
});
