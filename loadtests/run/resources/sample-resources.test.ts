import { resolve } from 'node:path';
import { type SpawnedNode, spawnNode } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { EVERYTHING_ELSE, TAKEN_BY_HOST } from './count-machine.ts';
import { createCpuCount } from './count-up.ts';
import { createSampler } from './sample-resources.ts';

const BURN = resolve(import.meta.dirname, '../testing/burn.ts');
/** Tolerance: each counter has a resolution of 0.01 s, and the process uses some CPU after its report. */
const NEAR_SECONDS = 0.15;

async function sampled(burning: SpawnedNode, alone: boolean) {
  const [, told] = await burning.waitForLine(/^([\d.]+)$/);
  const program = { of: 'burning', pid: () => burning.pid, alone };
  const line = createSampler(() => [program])
    .sample(0)
    .find(({ of }) => of === 'burning');
  return { told: Number(told), cpuSeconds: line?.cpuSeconds ?? Number.NaN, memoryBytes: line?.memoryBytes ?? 0 };
}

describe.runIf(process.platform === 'linux')('the sample of a program', () => {
  test('has the CPU time that the program reports, and its memory', async () => {
    await using burning = spawnNode(BURN, { args: ['600'] });
    const { told, cpuSeconds, memoryBytes } = await sampled(burning, false);
    expect(told).toBeGreaterThanOrEqual(0.6);
    expect(Math.abs(cpuSeconds - told)).toBeLessThan(NEAR_SECONDS);
    expect(memoryBytes).toBeGreaterThan(10_000_000);
  });

  test('includes the CPU time of ended children, unless it is sampled alone', async () => {
    await using burning = spawnNode(BURN, { args: ['800', 'child'] });
    const { told, cpuSeconds } = await sampled(burning, false);
    expect(told).toBeGreaterThanOrEqual(0.8);
    expect(Math.abs(cpuSeconds - told)).toBeLessThan(NEAR_SECONDS);
    expect((await sampled(burning, true)).cpuSeconds).toBeLessThan(told - 0.5);
  });

  test('is missing while the program does not run', () => {
    const lines = createSampler(() => [{ of: 'gone', pid: () => -1 }]).sample(0);
    expect(lines.map(({ of }) => of)).toEqual([EVERYTHING_ELSE, TAKEN_BY_HOST]);
  });

  test('does not include other programs on the machine, which count from the first sample', async () => {
    await using known = spawnNode(BURN, { args: ['300'] });
    const sampler = createSampler(() => [{ of: 'known', pid: () => known.pid }]);
    const elseIn = () => sampler.sample(0).find(({ of }) => of === EVERYTHING_ELSE)?.cpuSeconds ?? Number.NaN;
    expect(elseIn()).toBe(0);
    await using unknown = spawnNode(BURN, { args: ['700'] });
    await unknown.waitForLine(/^[\d.]+$/);
    expect(elseIn()).toBeGreaterThanOrEqual(0.6);
  });
});

test('the CPU count continues after a restart and never decreases', () => {
  const { count } = createCpuCount();
  expect([count(7, 1), count(7, 3), count(7, 2.5), count(8, 0.5), count(8, 1)]).toEqual([1, 3, 3, 3.5, 4]);
});
