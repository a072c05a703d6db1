import { describe, expect, test } from 'vitest';
import { stageOf, stagesForTests } from '../../test/repository-stages.ts';
import { worldLines } from '../../test/synthetic-world.ts';
import { collectEvidence } from '../evidence/collect-evidence.ts';
import { replayPrometheus } from '../prometheus/replay-prometheus.ts';
import { planStage, trafficOf } from './plan-stage.ts';

const HOUR = 3_600_000;
const stages = stagesForTests('24h', '28d');
const first = stageOf(stages, 1);

/** Traffic of all users. */
const traffic = (replacements: number, starts = 1_000_000) => ({
  measuredOverMs: 24 * HOUR,
  perHour: { replacement_success: replacements, error_rate: starts },
});

describe('a stage needs', () => {
  test('the time of its slowest gate at the event rate of the treatment', () => {
    const plan = planStage({ stage: first, traffic: traffic(60) });
    const needed = first.sizes.replacement_success?.n ?? 0;
    expect(plan).toMatchObject({ slowest: 'replacement_success', fits: true });
    expect(plan.takesMs).toBeCloseTo((needed / 3) * HOUR, 0);
    expect(plan.sentence).toBe(`stage 1: ${Math.ceil(needed / 3 / 24)} days at 3 replacements an hour`);
  });

  test('its shortest bake with much traffic', () => {
    expect(planStage({ stage: first, traffic: traffic(1_000_000) })).toMatchObject({
      takesMs: 24 * HOUR,
      sentence: 'stage 1: 24 hours, its least time',
    });
  });

  test('more than its longest bake with little traffic, and reports that', () => {
    const { fits, sentence } = planStage({ stage: first, traffic: traffic(10) });
    expect(fits).toBe(false);
    expect(sentence).toContain('its longest bake is 28 days, so it is likely to end unproven');
  });

  test('infinite time without traffic', () => {
    const plan = planStage({ stage: first, traffic: { measuredOverMs: HOUR, perHour: {} } });
    expect(plan).toMatchObject({ takesMs: Number.POSITIVE_INFINITY, fits: false });
    expect(plan.sentence).toBe('stage 1: never at present traffic: there are no replacements');
  });

  test('the whole traffic for a gate without cohorts', () => {
    const third = stageOf(stages, 3);
    const plan = planStage({ stage: third, traffic: { measuredOverMs: HOUR, perHour: { pool_wait: 100 } } });
    expect(plan.gates.find(({ gate }) => gate === 'pool_wait')?.perHour).toBe(100);
  });
});

test('traffic is measured over both cohorts, so also before a rollout', async () => {
  const from = 1_790_000_000_000;
  const to = from + 4 * HOUR;
  const evidence = await collectEvidence(replayPrometheus(worldLines({ from, to, perHour: 100 })), {
    stages,
    stage: first,
    from,
    to,
  });
  // Two instances, and a control nineteen times as large.
  expect(trafficOf(evidence).perHour.replacement_success).toBeCloseTo(2 * 100 * 20, 0);
});
