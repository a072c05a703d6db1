import {
  type CountEvidence,
  type Counts,
  type Evidence,
  judgeStage,
  type Stage,
  type Stages,
  type StageVerdict,
} from '@phaselock/rollout';
import { randomFrom } from './random.ts';

/** The true failure rates of one stage, which the gates estimate from events. */
export type Truth = {
  readonly name: string;
  /** For each gate, the probability of a failed event in the treatment and in the control group. */
  readonly rates: Readonly<Record<string, { readonly treatment: number; readonly control: number }>>;
};

/** When a bake is judged: after every `every` events, or for null only once, at its planned end. */
export type Schedule = { readonly name: string; readonly every: number | null };

export type Ending = 'promoted' | 'aborted early' | 'aborted at the end' | 'unproven';

export type Tally = Record<Ending, number> & { readonly looks: number; readonly eventsToAbort: number };

export type Run = {
  readonly stages: Stages;
  readonly stage: Stage;
  readonly truth: Truth;
  readonly schedules: readonly Schedule[];
  readonly campaigns: number;
  readonly seed: number;
};

/** Simulates campaigns: each is one bake of the stage, until its final verdict. All schedules judge the same events. */
export function runCampaigns(run: Run): readonly { readonly schedule: Schedule; readonly tally: Tally }[] {
  const judge = rememberingJudge(run);
  const tallies = run.schedules.map((schedule) => ({ schedule, tally: newTally() }));
  for (let campaign = 0; campaign < run.campaigns; campaign += 1) {
    const events = drawEvents(run, run.seed + campaign);
    for (const { schedule, tally } of tallies) follow(events, schedule, judge, tally);
  }
  return tallies;
}

type MutableTally = { -readonly [Key in keyof Tally]: Tally[Key] };
const newTally = (): MutableTally => ({
  promoted: 0,
  'aborted early': 0,
  'aborted at the end': 0,
  unproven: 0,
  looks: 0,
  eventsToAbort: 0,
});

/**
 * For each gate, the positions of the failed events of the treatment, and the number of failures of the control by the
 * end.
 */
type Events = {
  readonly planned: number;
  readonly failures: readonly (readonly number[])[];
  readonly control: readonly number[];
};

/** Size of the control group: everything outside the cohort, for example 19 times the size of a cohort of 5 %. */
const controlSize = (n: number, { percent }: Stage): number => Math.floor((n * (100 - percent)) / percent);

export const plannedEvents = ({ gates, sizes }: Stage): number =>
  Math.max(...gates.flatMap(({ name, kind }) => (kind === 'utilisation' ? [] : [sizes[name]?.n ?? 0])));

function drawEvents({ stage, truth }: Run, seed: number): Events {
  const random = randomFrom(seed);
  const planned = plannedEvents(stage);
  // The last judgement may come up to one interval after the planned end.
  const drawn = planned * 2;
  const rates = countGates(stage).map((gate) => truth.rates[gate.name] ?? { treatment: 0, control: 0 });
  const failures = rates.map(({ treatment }) => positions(drawn, treatment, random));
  const control = rates.map(({ control: rate }) => positions(controlSize(planned, stage), rate, random).length);
  return { planned, failures, control };
}

/** Draws which of n events fail, by the distances between failures (geometric distribution). */
function positions(n: number, rate: number, random: () => number): number[] {
  if (rate <= 0) return [];
  const found: number[] = [];
  const step = (): number => Math.floor(Math.log(1 - random()) / Math.log1p(-rate)) + 1;
  for (let at = step(); at <= n; at += step()) found.push(at);
  return found;
}

type Judge = (n: number, failures: readonly number[], control: readonly number[], atEnd: boolean) => StageVerdict;

function follow({ planned, failures, control }: Events, { every }: Schedule, judge: Judge, tally: MutableTally): void {
  const step = every ?? planned;
  for (let n = step; ; n += step) {
    const counted = failures.map((at) => firstAfter(at, n));
    const verdict = judge(n, counted, control, n >= planned);
    tally.looks += 1;
    if (!verdict.final) continue;
    tally[endingOf(verdict)] += 1;
    if (verdict.outcome === 'fail') tally.eventsToAbort += n;
    return;
  }
}

/** The number of positions up to n. */
function firstAfter(at: readonly number[], n: number): number {
  let count = 0;
  while (count < at.length && (at[count] ?? 0) <= n) count += 1;
  return count;
}

function endingOf({ why }: StageVerdict): Ending {
  switch (why) {
    case 'proven':
      return 'promoted';
    case 'failed_early':
      return 'aborted early';
    case 'failed':
      return 'aborted at the end';
    case 'not_proven':
      return 'unproven';
    case 'baking':
    case 'held':
      throw new Error(`a bake does not end while it is ${why}`);
  }
}

const FROM = 1_790_000_000_000;

/**
 * Calls the production judge, once for each distinct evidence, since the same evidence gives the same verdict. The
 * control counts only at the end, so it is part of the key only then.
 */
function rememberingJudge({ stages, stage }: Run): Judge {
  const known = new Map<string, StageVerdict>();
  const planned = plannedEvents(stage);
  return (n, failures, control, atEnd) => {
    const key = `${n}:${failures.join()}:${atEnd ? control.join() : ''}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const to = FROM + Math.floor((n / planned) * stage.bake.leastMs);
    const evidence = evidenceOf(stage, n, failures, control, to);
    const verdict = judgeStage({
      stages,
      stage,
      evidence,
      expected: { enabled: true, percent: stage.percent, version: 1 },
    });
    known.set(key, verdict);
    return verdict;
  };
}

const countGates = ({ gates }: Stage): Stage['gates'] => gates.filter(({ kind }) => kind !== 'utilisation');

const countsOf = (n: number, failures: number): Counts => ({
  n,
  failures,
  instances: [],
  trusted: { n, failures },
  untrusted: [],
});

function evidenceOf(
  stage: Stage,
  n: number,
  failures: readonly number[],
  control: readonly number[],
  to: number,
): Evidence {
  const flag = { enabled: 1, percent: stage.percent, version: 1, readAgeSeconds: 0.2, lastOtherwiseAt: null };
  const seen = {
    atStart: true,
    firstSampleAt: FROM,
    lastSampleAt: to,
    up: true,
    longestGapMs: 15_000,
    gapEndedAt: null,
    ended: [],
    flag,
  };
  const controlN = Math.floor(controlSize(n, stage));
  const counted = countGates(stage).map(
    ({ name, by }, index): CountEvidence => ({
      gate: name,
      kind: 'counts',
      queries: [],
      treatment: countsOf(n, failures[index] ?? 0),
      control: by === stage.cohorts.label ? countsOf(controlN, control[index] ?? 0) : null,
    }),
  );
  const use = { mean: 0.2, periods: 288, over: 0, longestRunOver: 0, highest: 0.3 };
  const instances = ['api-1', 'api-2'];
  const used = stage.gates
    .filter(({ kind }) => kind === 'utilisation')
    .map(({ name }) => ({
      gate: name,
      kind: 'use' as const,
      queries: [],
      instances: instances.map((instance) => ({ instance, ...use })),
      doubtful: [],
      untrusted: [],
    }));
  return {
    flag: stage.flag,
    stage: stage.number,
    from: FROM,
    to,
    gates: [...counted, ...used],
    instances: instances.map((instance) => ({ instance, ...seen, process: instance })),
    doubled: [],
    audit: { lastRunAt: to, errors: 0 },
    firing: [],
    watchdogAt: to,
    requests: { answered: n, shed: 0, untrusted: [] },
    refusals: [],
    shown: [],
  };
}
