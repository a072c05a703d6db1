import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ladderFor, readStages, type Stage } from '@phaselock/rollout';
import { expect, test } from 'vitest';
import { claimsFor, isKept, tolerance } from '../../bench/rollout/claims.ts';
import { runCampaigns } from '../../bench/rollout/simulated-campaigns.ts';

/** A small part of `pnpm bench:rollout`, with a fixed seed, so that the result does not depend on chance. */
const CAMPAIGNS = 300;
const SEED = 4_711;

const stages = readStages(readFileSync(resolve(import.meta.dirname, '../../ops/rollout/stages.yml'), 'utf8'));
const ladder = ladderFor(stages, 'single_session_guard');
const stageOf = (number: number): Stage => {
  const stage = ladder?.stages[number - 1];
  if (stage === undefined) throw new Error(`there is no stage ${number}`);
  return stage;
};

test.each(claimsFor(stageOf(4)).map((claim) => [claim.truth.name, claim] as const))('%s', (_, claim) => {
  const { truth, schedules, promises } = claim;
  const stage = stageOf(claim.stage);
  for (const { schedule, tally } of runCampaigns({ stages, stage, truth, schedules, campaigns: CAMPAIGNS, seed: SEED }))
    for (const promised of promises) {
      const bound = promised.atLeast ?? promised.atMost ?? 0;
      const share = tally[promised.ending] / CAMPAIGNS;
      const kept = isKept(promised, share, tolerance(bound, CAMPAIGNS));
      expect({ schedule: schedule.name, ...promised, share, kept }).toMatchObject({ kept: true });
    }
});
