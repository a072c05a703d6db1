import type { OpenGuard } from '@phaselock/guard';
import { findOrphans } from '@phaselock/store';
import { SONNET, type TestGuard, type World } from '@phaselock/testkit';
import { createRandom, type Random } from '../../../../chaos/random.ts';
import { type Board, type Calls, refusalOf, type Settings, type TaskCard, type Upkeep } from './board.ts';
import { OPERATIONS, type OperationName } from './operations.ts';

const CLIENTS = 3;
/** How many tasks are worked on at a time. */
const ACTIVE = 10;
const CALLS_PER_TASK = 130;

export type RandomHistory = {
  readonly seed: number;
  readonly databaseUrl: string;
  readonly board: Board;
  /** How often each operation had each outcome. */
  readonly outcomes: ReadonlyMap<OperationName, ReadonlyMap<string, number>>;
  /** The clients at once continue the history by this many calls. */
  goOn(calls: number): Promise<void>;
};

export type HistoryOptions = {
  readonly home: Pick<TestGuard, 'guard' | 'world' | 'databaseUrl'>;
  readonly seed: number;
  /** Archives and purges some of the deleted sessions, and returns how many were purged. */
  readonly purge: () => Promise<number>;
  /** Opens what one client calls: the guard, or the API over HTTP. */
  readonly open: (settings: Settings) => Promise<Calls>;
  readonly clients?: number;
};

/**
 * A history made by random calls of clients to the real guard. The seed fixes what each client chooses; which
 * call of which client comes first is different each time.
 */
export async function openRandomHistory({
  home,
  seed,
  purge,
  open,
  clients: count = CLIENTS,
}: HistoryOptions): Promise<RandomHistory> {
  const random = createRandom(seed);
  const { guard, world } = home;
  const settings: Settings = {
    guardOn: true,
    strategy: 'pessimistic',
    haiku: undefined,
    alias: await guard.addModel({ agent: 'claude-code', name: 'newest', standsFor: SONNET }),
    profile: await guard.addProfile({ agent: 'claude-code', variant: 'CHANGING', model: SONNET }),
  };
  let unique = 0;
  const board: Board = {
    projectId: world.projectId,
    settings,
    upkeep: upkeepOf(home.guard, purge),
    cards: [],
    unique(name) {
      unique += 1;
      return `${name}-${seed}-${unique}`;
    },
  };
  const clients = await Promise.all(
    Array.from({ length: count }, async (_, index) => ({
      name: `client ${index + 1}`,
      random: random.fork(`client ${index + 1}`),
      calls: await open(settings),
    })),
  );
  const outcomes = new Map<OperationName, Map<string, number>>();
  let made = 0;
  const goOn = async (calls: number): Promise<void> => {
    const until = made + calls;
    await Promise.all(
      clients.map(async (client) => {
        while (made < until) {
          made += 1;
          const card = await anyCard(home.world, board, client.random);
          const { operation, outcome } = await callOnce(client, board, card, made);
          const of = outcomes.get(operation) ?? new Map<string, number>();
          outcomes.set(operation, of.set(outcome, (of.get(outcome) ?? 0) + 1));
        }
      }),
    );
  };
  return { seed, databaseUrl: home.databaseUrl, board, outcomes, goOn };
}

type Client = { readonly name: string; readonly random: Random; readonly calls: Calls };

const WEIGHTS = Object.fromEntries(Object.entries(OPERATIONS).map(([name, { weight }]) => [name, weight])) as Record<
  OperationName,
  number
>;

/** Makes one call. An operation that has nothing to act on is left out. */
async function callOnce(
  { name, random, calls }: Client,
  board: Board,
  card: TaskCard,
  number: number,
): Promise<{ readonly operation: OperationName; readonly outcome: string }> {
  for (;;) {
    const operation = random.weighted(WEIGHTS);
    const said: string[] = [];
    const index = card.calls.push(`${number} ${name}: ${operation}`) - 1;
    const done = (outcome: string): void => {
      card.calls[index] = `${number} ${name}: ${operation} ${said.join(' ')} → ${outcome}`;
    };
    try {
      const tell = (text: string) => void said.push(text);
      const outcome = await OPERATIONS[operation].call({ random, calls, board, card, tell });
      if (outcome !== undefined) {
        done(outcome);
        return { operation, outcome };
      }
      card.calls.splice(index, 1);
    } catch (error) {
      done(String(error));
      const outcome = refusalOf(error, card.calls);
      done(outcome);
      return { operation, outcome };
    }
  }
}

/** Usually one of the tasks that are worked on, sometimes an older one. Makes a new task for one that had its calls. */
async function anyCard(world: World, board: Board, random: Random): Promise<TaskCard> {
  if (board.cards.length > ACTIVE && random.chance(0.06)) return random.pick(board.cards);
  const active = board.cards.filter(({ calls }) => calls.length < CALLS_PER_TASK).slice(-ACTIVE);
  if (active.length === ACTIVE) return random.pick(random.chance(0.5) ? active.slice(0, 2) : active);
  const taskId = await world.task();
  const card: TaskCard = {
    taskId,
    attempts: [await world.attempt(taskId)],
    sessions: [],
    turns: [],
    told: [],
    asked: [],
    repeats: [],
    calls: [],
    enrolledFrom: random.pick([0, 0, 15, 40]),
  };
  board.cards.push(card);
  return card;
}

function upkeepOf({ database, sweepLapsed, deleteOrphans }: OpenGuard, purge: () => Promise<number>): Upkeep {
  const { pg } = database.pool;
  return {
    sweep: sweepLapsed,
    purge,
    async lapse({ sessionId }) {
      const { rowCount } = await pg.query(
        `update sessions set lease_expires_at = clock_timestamp()
         where id = $1 and lease_expires_at > clock_timestamp()`,
        [sessionId],
      );
      return rowCount === 1;
    },
    async deleteOrphans() {
      const orphans = await findOrphans(database.kysely, { olderThanSeconds: 2, limit: 2 });
      return (await deleteOrphans(orphans, { actor: 'purge worker', olderThanSeconds: 2 })).length;
    },
    async reportAsBefore({ token: { sessionId, generation, processId } }, report, id) {
      const ask = async (sql: string, values: readonly unknown[]): Promise<string> => {
        const { rows } = await pg.query<{ outcome: string }>(sql, [...values]);
        return rows[0]?.outcome ?? 'nothing';
      };
      const token = [sessionId, generation, processId];
      switch (report) {
        case 'heartbeat':
          return await ask('select outcome from heartbeat($1, $2, $3, 30000)', token);
        case 'id':
          return await ask('select report_agent_session($1, $2, $3, $4) as outcome', [...token, id]);
        case 'log':
          return await ask(`select append_logs($1, $2, $3, '{stdout}', $4) as outcome`, [...token, [id]]);
        case 'usage':
          return await ask('select record_usage($1, $2, 70, 7, 1, 0) as outcome', [sessionId, processId]);
        case 'finish':
          return await ask(
            `select outcome from finish_turn($1, $2, $3, 'completed', '{running,lost}', 0, $4, false, null)`,
            [...token, id],
          );
      }
    },
  };
}

/** The last calls about the task of a finding, for its report. */
export const lastCalls = ({ board }: RandomHistory, taskId: string | null, count: number): readonly string[] =>
  board.cards.find((card) => card.taskId === taskId)?.calls.slice(-count) ?? [];
