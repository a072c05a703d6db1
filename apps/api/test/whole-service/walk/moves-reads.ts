import { chooseSession, chooseTask } from './choose.ts';
import { isStream, type Operation, type Parameter } from './operations.ts';
import { listAt, numberAt, textAt } from './read.ts';
import type { Client } from './seen.ts';
import { chooseClient, type Move, type Turn } from './turn.ts';

/** Calls any read operation of the document with random filters, so that new operations are covered automatically. */
export const readAnything: Move = async (turn) => {
  const { random, operations } = turn;
  const client = chooseClient(turn);
  await readOne(turn, client, random.pick(readsIn(operations)));
  if (random.chance(0.05)) await latestOfMany(turn, client);
};

/** Calls each read operation once. */
export const readEverything: Move = async (turn) => {
  const client = chooseClient(turn);
  for (const operation of readsIn(turn.operations)) await readOne(turn, client, operation);
  await latestOfMany(turn, client);
};

const readsIn = ({ all }: Turn['operations']): readonly Operation[] =>
  all.filter((one) => one.method === 'GET' && !isStream(one));

const latestOfMany = (turn: Turn, client: Client) =>
  turn.ask(client, 'latestOfMany', { body: { taskIds: [chooseTask(turn, client)] } });

/** Reads the operations from which the checks learn most. */
export const readSession: Move = async (turn) => {
  const { random, operations } = turn;
  const id = random.pick(['getSession', 'getSession', 'exportSession', 'latestSession', 'listSessions']);
  await readOne(turn, chooseClient(turn), operations.named(id));
};

async function readOne(turn: Turn, client: Client, operation: Operation): Promise<void> {
  const given = (place: string): Record<string, string> =>
    Object.fromEntries(
      operation.parameters
        .filter((parameter) => parameter.place === place)
        .map((parameter) => [
          parameter.name,
          parameterOf(turn, client, parameter, place === 'path' || isNeeded(operation, parameter)),
        ])
        .filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  const params = given('path');
  const query = given('query');
  const seen = await turn.ask(client, operation.id, { params, query });
  const next = textAt(seen.answer, 'next');
  if (next !== undefined && turn.random.chance(0.3))
    await turn.ask(client, operation.id, { params, query: { ...query, cursor: next } });
}

/** List operations need a task or project, except the list of sessions. */
const isNeeded = ({ id }: Operation, { name }: Parameter): boolean =>
  name === 'phase' || (id !== 'listSessions' && (name === 'taskId' || name === 'projectId'));

function parameterOf(turn: Turn, client: Client, { name, schema }: Parameter, needed: boolean): string | undefined {
  const { random } = turn;
  if (!needed && random.chance(0.6)) return undefined;
  const known = idOf(turn, client, name);
  if (known !== undefined) return known;
  const choices = listAt(schema, 'enum').map(String);
  if (choices.length > 0) return random.pick(choices);
  if (name === 'model') return random.pick(['claude-sonnet-4-5', 'claude-opus-4-5', 'fast']);
  if (textAt(schema, 'type') === 'integer')
    return String(1 + random.below(Math.min(numberAt(schema, 'maximum') ?? 9, 20)));
  return needed ? crypto.randomUUID() : undefined;
}

function idOf(turn: Turn, client: Client, name: string): string | undefined {
  const { random, memory } = turn;
  switch (name) {
    case 'sessionId':
      return chooseSession(turn, client)?.id;
    case 'taskId':
      return chooseTask(turn, client);
    case 'attemptId':
      return random.maybe([...memory.attempts.keys()]);
    case 'projectId':
      return (client.name === 'other') === random.chance(0.9) ? memory.projects.theirs : memory.projects.ours;
    default:
      return undefined;
  }
}
