import { setTimeout as pause } from 'node:timers/promises';
import { monotonic } from '../clock.ts';
import type { Kind, Operation } from '../history/operation.ts';
import type { Recorder } from '../history/recorder.ts';
import type { Random } from '../random.ts';
import type { World } from '../world/world.ts';
import { API_FAULTS } from './api-faults.ts';
import { DATABASE_FAULTS } from './database-faults.ts';
import type { Fault, Struck } from './fault.ts';
import { NETWORK_FAULTS } from './network-faults.ts';
import { OTHER_FAULTS } from './other-faults.ts';

const FAULTS: readonly Fault[] = [...API_FAULTS, ...DATABASE_FAULTS, ...NETWORK_FAULTS, ...OTHER_FAULTS];

export type StruckFault = {
  readonly name: string;
  readonly slowsAnswers: boolean;
  readonly at: number;
  readonly lastedMs: number;
  /**
   * Time from the moment recovery became possible (the repair, or a kill) until every affected API process has
   * acknowledged a write.
   */
  readonly recoveredMs: number | undefined;
};

export type FaultLog = {
  readonly struck: readonly StruckFault[];
  readonly unavailable: readonly { readonly name: string; readonly why: string }[];
  readonly failed: readonly string[];
};

const WRITES: ReadonlySet<Kind> = new Set<Kind>([
  'project',
  'task',
  'attempt',
  'turn',
  'logs',
  'usage',
  'finish',
  'feedback',
]);
const RECOVERY_LIMIT_MS = 45_000;

export type StrikeOptions = {
  readonly world: World;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly leaseMs: number;
  readonly quietMs: readonly [number, number];
  /** Only faults whose name contains this text. */
  readonly only: string | undefined;
  /** Leaves out faults whose name contains one of these texts. */
  readonly without: readonly string[];
  readonly ended: AbortSignal;
  readonly say: (line: string) => void;
};

/**
 * Injects one fault after the other, sometimes two at once, with pauses in between. Every fault occurs about equally
 * often.
 */
export async function strikeFaults(options: StrikeOptions): Promise<FaultLog> {
  const { world, random, ended, only, without, say } = options;
  const wanted = FAULTS.filter(
    ({ name }) => (only === undefined || name.includes(only)) && !without.some((part) => name.includes(part)),
  );
  const unavailable = wanted.flatMap(({ name, unavailable: why }) => {
    const reason = why?.(world);
    return reason === undefined ? [] : [{ name, why: reason }];
  });
  const possible = wanted.filter(({ name }) => !unavailable.some((fault) => fault.name === name));
  const struck: StruckFault[] = [];
  const failed: string[] = [];
  let deck: Fault[] = [];
  const draw = (): Fault | undefined => {
    if (deck.length === 0) deck = shuffled(possible, random);
    return deck.pop();
  };
  const strikeOne = async (fault: Fault | undefined) => {
    if (fault === undefined) return;
    try {
      const one = await strike(fault, options);
      say(
        `${fault.name}: ${Math.round(one.lastedMs)} ms, recovered in ${Math.round(one.recoveredMs ?? Number.NaN)} ms`,
      );
      struck.push(one);
    } catch (error) {
      failed.push(`${fault.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  };
  await quiet(options);
  while (!ended.aborted) {
    await Promise.all(random.chance(0.12) ? independent(draw(), draw()).map(strikeOne) : [strikeOne(draw())]);
    await quiet(options);
  }
  return { struck, unavailable, failed };
}

/** Two faults of one group repair the same component and would undo each other, so only the first is injected. */
function independent(first: Fault | undefined, second: Fault | undefined): (Fault | undefined)[] {
  const groups = [API_FAULTS, DATABASE_FAULTS, NETWORK_FAULTS, OTHER_FAULTS];
  const groupOf = (fault: Fault | undefined) =>
    groups.findIndex((group) => fault !== undefined && group.includes(fault));
  return groupOf(first) === groupOf(second) ? [first] : [first, second];
}

async function strike(fault: Fault, options: StrikeOptions): Promise<StruckFault> {
  const { world, random, leaseMs, recorder } = options;
  const at = monotonic();
  const hold = (fromMs: number, toMs: number) => pause(fromMs + random() * (toMs - fromMs));
  const watch = watchWrites(recorder);
  try {
    const struck = await fault.strike({ world, random, leaseMs, hold });
    const recoveredMs = await watch.recovered(struck);
    const { name, slowsAnswers } = fault;
    recorder.entry({ is: 'fault', name, at, until: struck.since + (recoveredMs ?? 0) });
    return { name, slowsAnswers, at, lastedMs: struck.since - at, recoveredMs };
  } finally {
    watch.stop();
  }
}

/**
 * Records the acknowledged writes of each API process from the start of a fault, so that none before the call of
 * `recovered` is missed.
 */
function watchWrites(recorder: Recorder) {
  const acknowledged: Pick<Operation, 'api' | 'at' | 'until'>[] = [];
  const stop = recorder.onOperation(({ kind, outcome, api, at, until }) => {
    if (outcome === 'ok' && WRITES.has(kind)) acknowledged.push({ api, at, until });
  });
  const recovered = async ({ since, apis }: Struck): Promise<number | undefined> => {
    const giveUpAt = monotonic() + RECOVERY_LIMIT_MS;
    for (;;) {
      const first = apis.map((api) => acknowledged.find((write) => write.api === api && write.at >= since)?.until);
      if (first.every((until) => until !== undefined))
        return Math.max(0, ...first.map((until) => (until ?? since) - since));
      if (monotonic() > giveUpAt) return undefined;
      await pause(20);
    }
  };
  return { stop, recovered };
}

async function quiet({ random, quietMs: [fromMs, toMs], ended }: StrikeOptions): Promise<void> {
  await pause(fromMs + random() * (toMs - fromMs), undefined, { signal: ended }).catch(() => undefined);
}

function shuffled(faults: readonly Fault[], random: Random): Fault[] {
  return faults
    .map((fault) => ({ fault, place: random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ fault }) => fault);
}
