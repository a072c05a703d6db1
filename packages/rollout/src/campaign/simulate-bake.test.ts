import { describe, expect, test } from 'vitest';
import { stageOf, stagesForTests } from '../../test/repository-stages.ts';
import { type World, worldLines } from '../../test/synthetic-world.ts';
import { collectEvidence } from '../evidence/collect-evidence.ts';
import { recordPrometheus } from '../prometheus/record-prometheus.ts';
import type { RecordingLine } from '../prometheus/recording.ts';
import { replayPrometheus } from '../prometheus/replay-prometheus.ts';
import { simulateBake } from './simulate-bake.ts';

const FLAG = 'single_session_guard';
const A_MINUTE_MS = 60_000;
const FROM = 1_790_000_000_000;
const TO = FROM + 40 * A_MINUTE_MS;

const stages = stagesForTests();
const world = (change: Partial<World> = {}): RecordingLine[] =>
  worldLines({ from: FROM, to: TO, perHour: 20_000, ...change });
const simulate = (lines: readonly RecordingLine[], everyMs?: number) =>
  simulateBake({ stages, flag: FLAG, lines, everyMs });

describe('a simulated bake', () => {
  test('without failures is promoted', async () => {
    expect(await simulate(world())).toMatchObject({
      verdict: { why: 'proven', stage: 1 },
      decision: { kind: 'step', step: { action: 'promote', to: { percent: 25 } } },
    });
  });

  test('with many failures is aborted before its end', async () => {
    const simulated = await simulate(world({ failing: { treatment: 0.2 } }), A_MINUTE_MS);
    expect(simulated).toMatchObject({ verdict: { why: 'failed_early' }, decision: { step: { action: 'abort' } } });
    expect(simulated.kind === 'simulated' && simulated.verdict.to).toBeLessThan(FROM + 30 * A_MINUTE_MS);
  });

  test('is held if an instance had another version of the flag', async () => {
    const other: World['change'] = ({ metric, instance, value }) =>
      metric === 'phaselock_flag_version' && instance.startsWith('api-2') ? value - 1 : value;
    expect(await simulate(world({ change: other }))).toMatchObject({ verdict: { why: 'held' } });
  });

  test('of recorded answers comes to the recorded verdict', async () => {
    const lines: RecordingLine[] = [];
    const stage = stageOf(stages, 1);
    const recording = recordPrometheus(replayPrometheus(world()), (line) => lines.push(line));
    await collectEvidence(recording, { stages, stage, from: FROM, to: TO });
    const simulated = await simulate(lines);
    expect(simulated).toMatchObject({ verdict: { why: 'proven', from: FROM, to: TO } });
  });

  test.each([
    ['an empty recording', []],
    [
      'a recording without the flag',
      world().filter(({ kind, ...line }) => kind !== 'series' || !('labels' in line) || !('flag' in line.labels)),
    ],
    ['a percentage without a stage', world({ percent: 40 })],
  ])('of %s is refused with a reason', async (_, lines) => {
    expect(await simulate(lines)).toMatchObject({ kind: 'unusable', why: expect.any(String) });
  });
});
