import { chooseModel, chooseTask } from './choose.ts';
import { textAt } from './read.ts';
import type { Client } from './seen.ts';
import { chooseClient, type Move, maybeKey, type Turn } from './turn.ts';

const MOST_STREAMS = 12;

/** Opens a stream from the beginning, from now, or from the position of another one. */
export const openStream: Move = async (turn) => {
  const { random, streams } = turn;
  const client = chooseClient(turn);
  const open = streams.all.filter(({ ended }) => ended === undefined);
  if (open.length >= MOST_STREAMS) return random.pick(open).close();
  const earlier = random.maybe(streams.all.filter(({ received }) => received.length > 0));
  if (earlier !== undefined && random.chance(0.4)) {
    const after = random.recent(earlier.received, 50)?.id;
    await streams.open(earlier.client, earlier.operation, earlier.id, after, turn.step);
    return;
  }
  await openOne(turn, client, random.chance(0.5) ? '0-0' : undefined);
};

async function openOne(turn: Turn, client: Client, after: string | undefined) {
  const { random, streams, memory, step } = turn;
  const side = client.name === 'other' ? 'theirs' : 'ours';
  return random.chance(0.5)
    ? await streams.open(client, 'projectChanges', memory.projects[side], after, step)
    : await streams.open(client, 'taskChanges', chooseTask(turn, client), after, step);
}

/** Revokes a key with an open stream: the key is then refused and the stream must end. */
export const makeAndRevokeKey: Move = async (turn) => {
  const { random, ask, clients, memory, step, streams } = turn;
  const body = {
    name: `key ${step}`,
    scopes: random.chance(0.5) ? ['sessions:read'] : ['sessions:read', 'sessions:write'],
    ...(random.chance(0.5) && { projectId: memory.projects.ours }),
  };
  const made = await ask(clients.all, 'createApiKey', { body, ...maybeKey(turn, 'createApiKey') });
  const [id, secret] = [textAt(made.answer, 'id'), textAt(made.answer, 'key')];
  if (id === undefined || secret === undefined) return;
  const client: Client = { name: 'made', key: secret };
  const stream = await streams.open(
    client,
    'projectChanges',
    memory.projects.ours,
    random.chance(0.5) ? '0-0' : undefined,
    step,
  );
  await ask(client, 'listTasks', { query: { projectId: memory.projects.ours, limit: '1' } });
  await ask(clients.all, 'revokeApiKey', { params: { apiKeyId: id } });
  stream.revoked = true;
  await ask(client, 'listTasks', { query: { projectId: memory.projects.ours, limit: '1' } });
};

/** Requests an admin operation without the admin scope. */
export const forbiddenKey: Move = async ({ random, ask, clients, step }) => {
  const client = random.pick([clients.limited, clients.other]);
  const name = `forbidden ${step}`;
  await ask(client, 'createApiKey', { body: { name, scopes: ['admin'] } });
};

/** Changes the locking strategy during the walk. */
export const setFlag: Move = async ({ random, ask, clients }) => {
  const client = random.chance(0.8) ? clients.all : clients.limited;
  const isStrategy = random.chance(0.4);
  await ask(client, 'setFlag', {
    params: { name: isStrategy ? 'locking_strategy' : 'pessimistic_locking_enabled' },
    body: { enabled: random.chance(0.5), ...(isStrategy && { value: random.pick(['optimistic', 'pessimistic']) }) },
    ...(random.chance(0.2) && { ifMatch: '"1"' }),
  });
};

/**
 * Uses the kill switch: while it is on, sessions are created beside each other. The next guarded start in the slot
 * keeps only one of them.
 */
export const switchGuard: Move = async (turn) => {
  const { random, ask, clients } = turn;
  const flag = { params: { name: 'single_session_guard' } };
  const taskId = chooseTask(turn, clients.all);
  const start = () =>
    ask(clients.all, 'startSession', { body: { taskId, phase: 'verify', model: chooseModel(turn, undefined) } });
  if (random.chance(0.5)) await ask(clients.all, 'setFlag', { ...flag, body: { enabled: false } });
  else await ask(random.chance(0.8) ? clients.all : clients.limited, 'killFlag', { ...flag, body: { why: 'a walk' } });
  for (let many = random.below(3); many > 0; many -= 1) await start();
  await ask(clients.all, 'setFlag', { ...flag, body: { enabled: true } });
  await start();
};
