import { resolve } from 'node:path';
import { createClient } from '@phaselock/contract';
import { createTestDatabase, freePort, keyIn, runWell, temporaryDirectory } from '@phaselock/testkit';
import { Client } from 'pg';
import { followChanges } from '../../chaos/clients/follow-changes.ts';
import {
  finish,
  heartbeat,
  logs,
  makeAttempt,
  makeProject,
  makeTask,
  slotKey,
  start,
  turn,
  usage,
  type Work,
} from '../../chaos/clients/operations.ts';
import { giveFeedback, latest, remove } from '../../chaos/clients/session-operations.ts';
import { createSpeaker, type Said, type Sending } from '../../chaos/clients/speaker.ts';
import type { Entry, Received, Ref } from '../../chaos/history/operation.ts';
import { createRandom } from '../../chaos/random.ts';
import { createApiProcess } from '../../chaos/world/api-process.ts';
import type { Call } from '../journal/journal-line.ts';
import type { ProvenProduct } from '../proof/prove-run.ts';

const KEYS = resolve(import.meta.dirname, '../../apps/api/src/keys-cli.ts');
const SONNET = 'claude-code/claude-sonnet-4-5';
const OPUS = 'claude-code/claude-opus-4-5';
const LEASE_MS = 30_000;

export type Worked = {
  readonly calls: Call[];
  readonly project: string;
  readonly slot: string;
  /** The replaced session, and the live session at the end. */
  readonly old: Ref;
  readonly current: Ref;
};

/** An API on a test database, with helpers that produce and corrupt histories. */
export type SmallWorld = AsyncDisposable & {
  readonly product: ProvenProduct;
  /** Runs every kind of call once, on a new task or on the task of earlier work. */
  work(name: string, on?: Worked): Promise<Worked>;
  changesOf(project: string, count: number): Promise<Received[]>;
  /** Corrupts rows without triggers and foreign keys. */
  plant(sql: string, values: readonly unknown[]): Promise<void>;
};

/** Starts the API as a user does, on a new database. */
export async function openSmallWorld(): Promise<SmallWorld> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await temporaryDirectory());
  const database = resources.use(await createTestDatabase());
  const env = {
    PHASELOCK_DATABASE_URL: database.url,
    PHASELOCK_LOG_LEVEL: 'warn',
    PHASELOCK_RATE_LIMIT: '0',
    PHASELOCK_LEASE_MS: String(LEASE_MS),
  };
  const scopes = 'sessions:read,sessions:write,sessions:replace,archive:read,admin';
  const key = keyIn((await runWell(KEYS, ['create', '--name', 'load', '--scopes', scopes], env)).said);
  const port = await freePort();
  const api = createApiProcess({ name: 'api', port, folder: folder.path, env });
  resources.defer(() => api.end('SIGKILL'));
  await api.start();
  const urls = [`http://127.0.0.1:${port}`];
  for (const name of ['claude-sonnet-4-5', 'claude-opus-4-5'])
    await createClient({ baseUrl: urls[0] ?? '', key })
      .createModel({ body: { agent: 'claude-code', name } })
      // The catalogue of a new installation may already contain the model.
      .catch(() => undefined);
  const owned = resources.move();
  return {
    product: { databaseUrl: database.url, urls, key, leaseMs: LEASE_MS, env },
    work: (name, on) => work(urls, key, name, on),
    changesOf: (project, count) => receive(urls, key, project, count),
    plant: async (sql, values) => {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await using _ = { [Symbol.asyncDispose]: () => client.end() };
      await client.query('set session_replication_role = replica');
      const { rowCount } = await client.query(sql, [...values]);
      if (rowCount === 0) throw new Error('the statement changed no row');
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function receive(urls: readonly string[], key: string, project: string, count: number): Promise<Received[]> {
  const received: Received[] = [];
  const over = new AbortController();
  const recorder = {
    ...silent,
    entry: (entry: Parameters<typeof silent.entry>[0]) => {
      if (entry.is === 'change') received.push(entry);
      if (received.length >= count) over.abort();
    },
  };
  const common = { name: 'f', project, addresses: urls, key, recorder, longestMs: 60_000, signal: over.signal };
  await followChanges({ ...common, random: createRandom(1) }).ended;
  return received;
}

const silent = {
  operation: () => undefined,
  entry: (_: Entry) => undefined,
  count: 0,
  onOperation: () => () => undefined,
  close: async () => undefined,
};

async function work(urls: readonly string[], key: string, name: string, on?: Worked): Promise<Worked> {
  const calls: Call[] = [];
  let called: Call['name'] = 'lookup';
  const recorder = {
    ...silent,
    operation: (said: Omit<Call, 'is' | 'n' | 'name' | 'arm'>) =>
      void calls.push({ is: 'operation', n: calls.length + 1, name: called, arm: 'closed', ...said }),
  };
  const speaker = createSpeaker({ number: 1, addresses: urls, key, fetch, recorder, first: 0 });
  const ask = (as: Call['name'], sending: Sending): Promise<Said> => {
    called = as;
    return speaker.say(sending);
  };
  const must = async (as: Call['name'], sending: Sending) => {
    const said = await ask(as, sending);
    if (said.outcome !== 'ok') throw new Error(`${as} was ${said.outcome}: ${JSON.stringify(calls.at(-1))}`);
    return said.told;
  };
  const idOf = async (as: Call['name'], sending: Sending): Promise<string> => (await must(as, sending)).id ?? '';

  const project = on?.project ?? (await idOf('create-project', makeProject(`${name}-p`, `${name}-p`)));
  const task = on?.slot.split('/')[0] ?? (await idOf('create-task', makeTask(`${name}-t`, project, `${name}-t`)));
  const attempt = await idOf('create-attempt', makeAttempt(`${name}-a`, task, `${name}-a`));
  const slot = { task, phase: 'run', mode: 'standard' as const };
  const started = await must('start', start(`${name}-s`, { slot, model: OPUS }));
  const old: Ref = { session: started.session ?? '', generation: started.generation ?? 0 };
  const workOn = async (session: Ref, which: string): Promise<Work> => {
    const asking = { slot: slotKey(slot), ...session, attempt };
    const { process = '' } = await must('turn', turn(`${name}-turn-${which}`, asking));
    const begun: Work = { slot: slotKey(slot), ...session, process };
    await must('heartbeat', heartbeat(begun));
    await must('logs', logs(`${name}-logs-${which}`, begun, [`${name} ${which} 1`, `${name} ${which} 2`]));
    await must('usage', usage(begun, [10, 5, 1, 100]));
    await must('finish', finish(begun, { ending: 'completed', usage: [20, 10, 1, 200], agentId: `${name}-${which}` }));
    return begun;
  };
  await workOn(old, 'one');
  await ask('question', start(undefined, { slot, model: SONNET }));
  const told = await must('replace', start(`${name}-r`, { slot, model: SONNET, confirm: old }));
  const current: Ref = { session: told.session ?? '', generation: told.generation ?? 0 };
  await ask('stale-turn', turn(`${name}-stale`, { slot: slotKey(slot), ...old, attempt }));
  await ask('stale-replace', start(`${name}-stale-r`, { slot, model: OPUS, confirm: old }));
  await workOn(current, 'two');
  const whole = { slot: slotKey(slot), ...current };
  await must('feedback', giveFeedback(`${name}-f`, whole, `${name} well done`));
  await must('lookup', latest(task, 'run'));
  await must('delete', remove({ slot: slotKey(slot), ...current }));
  const last = await must('start', start(`${name}-s2`, { slot, model: OPUS }));
  return {
    calls,
    project,
    slot: slotKey(slot),
    old,
    current: { session: last.session ?? '', generation: last.generation ?? 0 },
  };
}
