import { chooseGeneration, chooseSession } from './choose.ts';
import { chooseClient, type Move, maybeKey } from './turn.ts';

export const stopSession: Move = async (turn) => {
  const { random, ask } = turn;
  const client = chooseClient(turn);
  const session = chooseSession(turn, client);
  if (session === undefined) return;
  const as = random.chance(0.3) ? undefined : random.pick(['stopped', 'completed', 'failed']);
  const body = { generation: chooseGeneration(random, session.generation), ...(as !== undefined && { as }) };
  await ask(client, 'stopSession', { params: { sessionId: session.id }, body, ...maybeKey(turn, 'stopSession') });
};

/** Deletes with the current version, an old one, an invented one, or none. */
export const deleteSession: Move = async (turn) => {
  const { random, ask } = turn;
  const client = chooseClient(turn);
  const session = chooseSession(turn, client);
  if (session === undefined) return;
  const params = { sessionId: session.id };
  if (random.chance(0.5)) await ask(client, 'getSession', { params });
  const ifMatch = random.weighted([
    [3, undefined],
    [3, session.etag],
    [1, '"1"'],
    [1, '"99999"'],
  ]);
  await ask(client, 'deleteSession', {
    params,
    ...(ifMatch !== undefined && { ifMatch }),
    ...maybeKey(turn, 'deleteSession'),
  });
};

export const deleteMany: Move = async (turn) => {
  const client = chooseClient(turn);
  const ids = Array.from({ length: 1 + turn.random.below(4) }, () => chooseSession(turn, client)?.id);
  const known = [
    ...new Set(ids.filter((id) => id !== undefined)),
    ...(turn.random.chance(0.1) ? [crypto.randomUUID()] : []),
  ];
  if (known.length > 0)
    await turn.ask(client, 'deleteMany', { body: { sessionIds: known }, ...maybeKey(turn, 'deleteMany') });
};

export const giveFeedback: Move = async (turn) => {
  const client = chooseClient(turn);
  const session = chooseSession(turn, client);
  if (session === undefined) return;
  const body = { rating: turn.random.pick(['good', 'neutral', 'bad']), comment: `step ${turn.step}` };
  await turn.ask(client, 'giveFeedback', {
    params: { sessionId: session.id },
    body,
    ...maybeKey(turn, 'giveFeedback'),
  });
};
