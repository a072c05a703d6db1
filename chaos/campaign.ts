import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@phaselock/contract';
import { type Board, createBoard } from './clients/board.ts';
import { followChanges } from './clients/follow-changes.ts';
import { live } from './clients/live.ts';
import { makeProject } from './clients/operations.ts';
import { createPatientFetch } from './clients/patient-fetch.ts';
import { createSpeaker } from './clients/speaker.ts';
import { insist, sleepFor, type User } from './clients/user.ts';
import { monotonic } from './clock.ts';
import { type FaultLog, strikeFaults } from './faults/strike-faults.ts';
import { openRecorder, type Recorder } from './history/recorder.ts';
import { createRandom, type Random } from './random.ts';
import { type Final, readBack } from './read-back.ts';
import { settleStreams } from './settle-streams.ts';
import { type Audit, verifySessions } from './verify-sessions.ts';
import type { DatabaseKeeper } from './world/postgres-server.ts';
import { openWorld, type World } from './world/world.ts';

export type CampaignOptions = {
  readonly seed: number;
  readonly seconds: number;
  readonly clients: number;
  readonly faults: boolean;
  readonly onlyFaults?: string;
  readonly withoutFaults: readonly string[];
  readonly folder: string;
  readonly leaseMs: number;
  readonly quietMs: readonly [number, number];
  readonly mutation?: string;
  readonly keeper: DatabaseKeeper;
  /** Ends the campaign early. */
  readonly ended: AbortSignal;
  readonly say: (line: string) => void;
};

/** The result of a campaign, before it is judged. */
export type Campaign = {
  readonly options: CampaignOptions;
  readonly operations: number;
  readonly ranMs: number;
  readonly faults: FaultLog;
  /** API processes that ended unexpectedly. */
  readonly crashes: readonly string[];
  readonly final: Final;
  /** By project: the stream positions of all changes, in order, read again at the end. */
  readonly changes: ReadonlyMap<string, readonly string[]>;
  readonly unsettled: readonly string[];
  readonly audit: Audit;
  readonly purgeRuns: number;
};

const PROJECTS = 3;
const FOLLOWERS_OF_EACH = 2;
/** Client time-out, much longer than any documented deadline. */
const PATIENCE_MS = 25_000;

/**
 * Runs simulated clients against the whole system while faults are injected, then reads everything back through the
 * API.
 */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const { seed, folder, leaseMs, say } = options;
  const random = createRandom(seed);
  await using world = await openWorld({
    folder,
    random: random.fork('world'),
    leaseMs,
    purgePauseMs: Math.min(8_000, options.seconds * 150),
    diskMegabytes: 3_072,
    keeper: options.keeper,
    ...(options.mutation !== undefined && { mutation: options.mutation }),
  });
  const recorder = await openRecorder(folder);
  const addresses = world.fronts.map(({ port }) => `http://127.0.0.1:${port}`);
  const ours = `chaos-${seed}-`;
  const fetch = createPatientFetch(PATIENCE_MS);
  const over = new AbortController();
  const followersOver = new AbortController();

  const board = createBoard();
  const users = Array.from({ length: options.clients }, (_, number) =>
    aUser({ number, world, addresses, random, board, recorder, ours, fetch, leaseMs, ended: over.signal }),
  );
  const [first] = users;
  if (first === undefined) throw new Error('a campaign needs at least one client');
  await makeProjects(first);
  const followers = board.projects.flatMap((project, at) =>
    Array.from({ length: FOLLOWERS_OF_EACH }, (_, which) => {
      const name = `${at}.${which}`;
      const longestMs = Math.min(12_000, options.seconds * 300);
      const common = { name, project, addresses, key: world.key, recorder, longestMs, signal: followersOver.signal };
      return followChanges({ ...common, random: random.fork(`follower ${name}`) });
    }),
  );

  say(`the system is up; ${options.clients} clients for ${options.seconds} s, seed ${seed}, in ${folder}`);
  const began = monotonic();
  const living = users.map(live);
  const faultsOver = new AbortController();
  const striking = options.faults
    ? strikeFaults({
        world,
        random: random.fork('faults'),
        recorder,
        leaseMs,
        quietMs: options.quietMs,
        only: options.onlyFaults,
        without: options.withoutFaults,
        ended: faultsOver.signal,
        say,
      })
    : Promise.resolve<FaultLog>({ struck: [], unavailable: [], failed: [] });
  const ticking = tick(recorder, over.signal, say);
  await pause(options.seconds * 1_000, undefined, { signal: options.ended }).catch(() => undefined);
  faultsOver.abort();
  const faults = await striking;
  over.abort();
  await Promise.all(living);
  await ticking;
  const ranMs = monotonic() - began;
  await world.purge.stop();
  say(`${recorder.count} operations; reading everything back`);

  const address = { baseUrl: `http://127.0.0.1:${world.apis[0]?.port}`, key: world.key };
  const { changes, unsettled } = await settleStreams(createClient(address), followers, leaseMs);
  followersOver.abort();
  await Promise.all(followers.map(({ ended }) => ended));
  await recorder.close();
  const final = await readBack(
    createClient({ ...address, fetch }),
    (name) => name.startsWith(ours),
    (wallMs) => wallMs - performance.timeOrigin,
  );
  const audit = await verifySessions(world, { folder, mutant: options.mutation !== undefined });
  fetch.close();
  const crashes = world.apis.flatMap((api) => api.crashes());
  const { runs } = world.purge;
  return {
    options,
    operations: recorder.count,
    ranMs,
    faults,
    crashes,
    final,
    changes,
    unsettled,
    audit,
    purgeRuns: runs(),
  };
}

type UserParts = {
  readonly number: number;
  readonly world: World;
  readonly addresses: readonly string[];
  readonly random: Random;
  readonly board: Board;
  readonly recorder: Recorder;
  readonly ours: string;
  readonly fetch: typeof fetch;
  readonly leaseMs: number;
  readonly ended: AbortSignal;
};

function aUser({ number, world, addresses, random, board, recorder, ours, fetch, leaseMs, ended }: UserParts): User {
  const own = random.fork(`client ${number}`);
  let used = 0;
  const user: User = {
    speaker: createSpeaker({ number, addresses, key: world.key, fetch, recorder, first: number }),
    random: own,
    board,
    recorder,
    unique: (name) => {
      used += 1;
      return `${ours}${name}-${number}-${used}`;
    },
    leaseMs,
    ended,
    think: (longestMs) => sleepFor(user, own() * longestMs),
  };
  return user;
}

async function makeProjects(user: User): Promise<void> {
  while (user.board.projects.length < PROJECTS) {
    const key = user.unique('project');
    const said = await insist(user, makeProject(key, key));
    if (said.outcome === 'ok' && said.told.id !== undefined) user.board.projects.push(said.told.id);
  }
}

const TICK_MS = 10_000;

async function tick(recorder: Recorder, ended: AbortSignal, say: (line: string) => void): Promise<void> {
  for (let before = recorder.count; !ended.aborted; before = recorder.count) {
    await pause(TICK_MS, undefined, { signal: ended }).catch(() => undefined);
    say(`${recorder.count} operations, ${Math.round((recorder.count - before) / (TICK_MS / 1_000))}/s`);
  }
}
