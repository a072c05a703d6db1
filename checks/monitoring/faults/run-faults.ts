import { setTimeout as pause } from 'node:timers/promises';
import { JOBS } from '@phaselock/monitoring';
import { type Alerting, openAlerting } from './alerting/open-alerting.ts';
import type { AlertId } from './alerting/watch-alerts.ts';
import type { MadeFault } from './credit-episodes.ts';
import type { Fault, Surroundings } from './fault.ts';
import { ALWAYS, ASIDE, AT_THE_END, type Lane, PHASES, WITHOUT_TARGETS } from './lanes.ts';
import { beginCycles } from './world/cycles.ts';
import { putLoadOn } from './world/load.ts';
import { openWorld } from './world/open-world.ts';
import { keepTargets } from './world/targets.ts';

export type RunOfFaults = {
  readonly made: readonly MadeFault[];
  /** Alerts that fired while nothing was wrong. */
  readonly whenQuiet: readonly AlertId[];
  readonly sightings: ReturnType<Alerting['watch']['sightings']>;
  readonly incidents: ReturnType<Alerting['ears']['pagerDuty']['incidents']>;
  readonly mistakes: readonly string[];
  readonly brokenRules: readonly string[];
  readonly seconds: number;
};

type RunOptions = {
  readonly folder: string;
  /** Selects the faults to make; all by default. */
  readonly chosen?: (fault: Fault) => boolean;
  readonly say: (line: string) => void;
  /** Aborts the run early, with an orderly clean-up. */
  readonly ended: AbortSignal;
};

/** The time without a fault at the start: longer than every window of an alert that pages. */
const QUIET_MS = 25_000;
/** How long to wait for the alerts of one fault, and for all alerts to be resolved. */
const PATIENCE_MS = 170_000;
const EVERY_MS = 200;

const USERS = 4;
const PAUSE_MS = 120;

export async function runFaults({ folder, chosen = () => true, say, ended }: RunOptions): Promise<RunOfFaults> {
  const since = performance.now();
  const now = (): number => (performance.now() - since) / 1_000;
  const tell = (line: string): void => say(`${now().toFixed(0).padStart(4)} s  ${line}`);
  await using resources = new AsyncDisposableStack();
  const world = resources.use(await openWorld(folder));
  const targets = await keepTargets(`${folder}/targets.json`);
  await targets.add(JOBS.api, ...[...world.pair, world.small, world.embedded].map(({ address }) => address));
  await targets.add(JOBS.worker, ...world.workers.map(({ address }) => address));
  const cycles = resources.use(await beginCycles(world));
  const urls = world.pair.map(({ url }) => url);
  resources.use(await putLoadOn({ urls, key: world.key, users: USERS, pauseMs: PAUSE_MS }));
  tell('the product is up and under load');
  const alerting = resources.use(
    await openAlerting({ folder, targetsFile: targets.file, scrapeKey: world.scrapeKey, now }),
  );
  const { watch, prometheus, ears } = alerting;

  await pause(QUIET_MS, undefined, { signal: ended });
  const whenQuiet = watch.sightings().flatMap(({ id }) => (ALWAYS.includes(id) ? [] : [id]));
  tell(`quiet until now: ${whenQuiet.length === 0 ? 'nothing fired' : whenQuiet.join(', ')}`);

  const around: Surroundings = {
    world,
    targets,
    cycles,
    isTold: (id) =>
      watch
        .sightingOf(id)
        ?.episodes.some(({ toldAt, resolvedAt }) => toldAt !== undefined && resolvedAt === undefined) === true,
    ask: prometheus.ask,
    until: (condition) => waitUntil(condition, ended),
  };
  const makeOne = async (fault: Fault): Promise<MadeFault> => {
    ended.throwIfAborted();
    const madeAt = now();
    tell(`made: ${fault.name}`);
    let undoneAt = madeAt;
    try {
      await using _made = await fault.make(around);
      let missing = fault.alerts;
      await waitUntil(async () => {
        const inhibited = await alerting.inhibited();
        missing = fault.alerts.filter((id) => !hasArrived(alerting, id, madeAt) && !inhibited.has(id));
        return missing.length === 0;
      }, ended).catch(() => tell(`NOT FIRED: ${missing.join(', ')}`));
      undoneAt = now();
      tell(`undone: ${fault.name}`);
    } catch (error) {
      tell(`FAILED: ${fault.name}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    return { fault, madeAt, undoneAt, overAt: now() };
  };
  const makeAll = async (lane: Lane): Promise<MadeFault[]> => {
    const made: MadeFault[] = [];
    for (const fault of lane.filter(chosen)) made.push(await makeOne(fault));
    return made;
  };
  const unresolved = (): AlertId[] =>
    watch.sightings().flatMap(({ id, episodes }) => {
      const isOpen = episodes.some(({ toldAt, resolvedAt }) => toldAt !== undefined && resolvedAt === undefined);
      return isOpen && !ALWAYS.includes(id) ? [id] : [];
    });
  const settle = (): Promise<void> =>
    waitUntil(() => unresolved().length === 0, ended).catch(() => tell(`NOT RESOLVED: ${unresolved().join(', ')}`));

  const aside = Promise.all(ASIDE.map(makeAll));
  const inPhases: MadeFault[] = [];
  for (const phase of PHASES) inPhases.push(...(await Promise.all(phase.filter(chosen).map(makeOne))));
  const made = [...(await aside).flat(), ...inPhases];
  for (const fault of AT_THE_END.filter(chosen)) {
    if (WITHOUT_TARGETS.has(fault)) await settle();
    made.push(await makeOne(fault));
  }
  await settle();
  const brokenRules = await prometheus.brokenRules();
  return {
    made,
    whenQuiet,
    sightings: watch.sightings(),
    incidents: ears.pagerDuty.incidents(),
    mistakes: [...ears.pagerDuty.mistakes(), ...ears.tickets.mistakes(), ...ears.deadMansSwitch.mistakes()],
    brokenRules,
    seconds: now(),
  };
}

const hasArrived = ({ watch }: Alerting, id: AlertId, since: number): boolean =>
  watch.sightingOf(id)?.episodes.some(({ lastFiringAt, toldAt }) => lastFiringAt >= since && toldAt !== undefined) ===
  true;

async function waitUntil(condition: () => boolean | Promise<boolean>, ended: AbortSignal): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    ended.throwIfAborted();
    if (performance.now() > giveUpAt) throw new Error(`not within ${PATIENCE_MS / 1_000} s`);
    await pause(EVERY_MS);
  }
}
