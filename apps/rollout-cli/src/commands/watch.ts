import { setTimeout as wait } from 'node:timers/promises';
import {
  type CampaignDecision,
  campaignPlan,
  conduct,
  emptyMemory,
  type HeldRollout,
  holdRollout,
  judgeBake,
  KilledInstead,
  type Look,
  look,
  type Racepoint,
  type StageVerdict,
} from '@phaselock/rollout';
import { type CampaignRecord, classifyFailure, readCampaign } from '@phaselock/store';
import type { Outcome } from '../exit-code.ts';
import { prometheusOf, type Rollout, readStagesFile } from '../open-rollout.ts';
import type { Command } from '../read-arguments.ts';
import type { Report, Reporter } from '../report.ts';

type Watching = Command & { readonly kind: 'watch' };
type Around = { readonly report: Reporter; readonly ended: AbortSignal; readonly racepoint: Racepoint };

/**
 * The controller: judges the bake repeatedly, aborts on an early failure, and promotes at the end. Without `--act` it
 * reports what it would do, and takes no lease.
 */
export async function watch(rollout: Rollout, command: Watching, around: Around): Promise<Outcome> {
  const { act, everyMs, once } = command;
  await using held = act ? await hold(rollout, command) : undefined;
  const tick = await ticker(rollout, command, held, around);
  let outcome: Outcome = 'inconclusive';
  for (;;) {
    const seen = await tick();
    outcome = seen.outcome;
    if (once || seen.over || around.ended.aborted) return outcome;
    await wait(everyMs, undefined, { signal: around.ended }).catch(() => undefined);
    if (around.ended.aborted) return outcome;
  }
}

const hold = ({ database, config, holder }: Rollout, { flag, takeOver }: Watching): Promise<HeldRollout> =>
  holdRollout({ sql: database, flag, holder, leaseMs: config.leaseSeconds * 1_000, takeOver });

type Tick = { readonly outcome: Outcome; readonly over: boolean };

async function ticker(
  rollout: Rollout,
  { flag, once }: Watching,
  held: HeldRollout | undefined,
  { report, racepoint }: Around,
): Promise<() => Promise<Tick>> {
  const { database, config, actor } = rollout;
  const stages = await readStagesFile(config, flag);
  const judging = { prometheus: prometheusOf(config, stages), stages, memory: emptyMemory() };
  const judge = judgeBake.bind(undefined, judging);
  const parts = { sql: database, flag, plan: campaignPlan(stages, flag), judge };
  const lookOnce = (): Promise<Look<StageVerdict>> =>
    held === undefined
      ? look<StageVerdict>(parts, { kind: 'tick' })
      : conduct<StageVerdict>({ ...parts, fence: held.fence, actor, racepoint }, { kind: 'tick' });
  return async () => {
    try {
      const { decision, verdict, record: seen } = await lookOnce();
      const record = await readCampaign(database, flag);
      const told = held === undefined && decision.kind === 'step' ? `would act: ${decision.told}` : decision.told;
      const outcome = decision.kind === 'refuse' ? 'error' : decision.outcome;
      report({
        command: 'watch',
        flag,
        outcome,
        told,
        ...(record !== undefined && { campaign: record }),
        ...(verdict !== undefined && { verdict: verdict.shown }),
      });
      return { outcome, over: isOver(decision) || isTaken(held, seen) };
    } catch (error) {
      if (once || !isPassing(error)) throw error;
      report(passing(flag, error));
      return { outcome: 'inconclusive', over: false };
    }
  };
}

/** Whether watching can end: no campaign is under way any more, or a kill was recorded and a person has to decide. */
const isOver = (decision: CampaignDecision): boolean => {
  if (decision.kind === 'stay') return decision.ended === true;
  return decision.kind === 'step' && ['abort', 'done', 'kill-seen'].includes(decision.step.action);
};

/** Whether another process took the lease, so that writes of this one are refused. */
const isTaken = (held: HeldRollout | undefined, { fence }: CampaignRecord): boolean =>
  held !== undefined && held.fence !== fence;

/**
 * Whether the failure is temporary: the database is unavailable, a lock is contended, or an abort became a kill. The
 * next iteration tries again.
 */
const isPassing = (error: unknown): boolean => {
  if (error instanceof KilledInstead) return true;
  const failure = classifyFailure(error);
  return failure === 'unavailable' || failure === 'connection-lost' || failure === 'contended';
};

const passing = (flag: string, error: unknown): Report => {
  const why = error instanceof Error ? error.message : String(error);
  const told = error instanceof KilledInstead ? why : `the database does not answer, so nothing is decided: ${why}`;
  return { command: 'watch', flag, outcome: 'inconclusive', told };
};
