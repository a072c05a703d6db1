import { TURN_REASONS } from '@phaselock/core';
import type pg from 'pg';
import { NEVER_REFUSED, OPERATIONS, type OperationName } from './operations.ts';
import type { RandomHistory } from './random-history.ts';

const EVENT_TYPES = [
  'created',
  'created-beside',
  'replaced',
  'adopted',
  'kept',
  'deleted',
  'turn-started',
  'turn-finished',
  'turn-lost',
  'conversation-told',
  'usage-booked',
  'logs-appended',
  'closed',
  'standalone-started',
] as const;

/** Outcomes that show a history of its own, by the operation that has them. */
const OUTCOMES: Partial<Readonly<Record<OperationName, readonly string[]>>> = {
  start: ['created', 'created-beside', 'existing', 'replaced', 'ask replace', 'ask keep-or-replace'],
  confirm: ['replaced', 'existing', 'refused session_moved_on'],
  turn: [
    'started initial',
    'started follow-up',
    'started initial in a successor',
    'started follow-up in a successor',
    'refused turn_running',
    'refused predecessor_stopping',
    'refused stale_generation',
    'refused agent_session_taken',
    'refused model_missing',
  ],
  finish: [
    'finished',
    'finished again',
    'finished a replaced one',
    'refused stale_process',
    'refused agent_session_taken',
  ],
  usage: ['booked', 'booked late', 'refused stale_process'],
  conversation: ['told', 'refused stale_process', 'refused stale_generation', 'refused agent_session_taken'],
  repeat: ['started initial again', 'replaced again', 'appended again', 'begun again'],
  purge: ['purged'],
  sweep: ['swept'],
  'bulk-delete': ['deleted'],
  orphans: ['deleted'],
  flags: ['on', 'off'],
};

const succeeded = (history: RandomHistory, name: OperationName): boolean =>
  [...(history.outcomes.get(name)?.keys() ?? [])].some((outcome) => !outcome.startsWith('refused'));

/** The operations of those that were always refused, or never called. */
export const neverSucceeded = (history: RandomHistory, names: readonly OperationName[]): readonly OperationName[] =>
  names.filter((name) => !succeeded(history, name));

/** What the generator claims to reach, and did not reach in this history. */
export async function unreached(history: RandomHistory, pool: pg.Pool): Promise<readonly string[]> {
  const names = Object.keys(OPERATIONS).filter((name): name is OperationName => name in OPERATIONS);
  const ofOperations = names.flatMap((name) => {
    const had = [...(history.outcomes.get(name)?.keys() ?? [])];
    const wanted = OUTCOMES[name] ?? [];
    return [
      ...(succeeded(history, name) ? [] : [`${name} never succeeded`]),
      ...(NEVER_REFUSED.has(name) || had.some((outcome) => outcome.startsWith('refused'))
        ? []
        : [`${name} was never refused`]),
      ...wanted.filter((outcome) => !had.includes(outcome)).map((outcome) => `${name} was never answered ${outcome}`),
    ];
  });
  const types = await countBy(pool, 'type', 'true');
  const reasons = await countBy(pool, 'reason', `type = 'turn-started'`);
  return [
    ...ofOperations,
    ...EVENT_TYPES.filter((type) => types[type] === undefined).map((type) => `no event ${type}`),
    ...TURN_REASONS.filter((reason) => reasons[reason] === undefined).map((reason) => `no turn because of ${reason}`),
  ];
}

async function countBy(pool: pg.Pool, column: string, where: string): Promise<Readonly<Record<string, number>>> {
  const { rows } = await pool.query<{ name: string; times: number }>(
    `select ${column} as name, count(*)::int as times from session_events where ${where} group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ name, times }) => [name, times]));
}

/** Prints how much of everything the history has. */
export async function tellReach(history: RandomHistory, pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ sessions: string; processes: string; events: string; purged: string }>(
    `select (select count(*) from sessions) as sessions, (select count(*) from processes) as processes,
            (select count(*) from session_events) as events,
            (select count(*) from archives where purged_at is not null) as purged`,
  );
  const [counts] = rows;
  const lines = [...history.outcomes].map(([name, of]) => `${name}: ${JSON.stringify(Object.fromEntries(of))}`);
  const text = [
    `seed ${history.seed}: ${counts?.sessions} sessions and ${counts?.processes} processes left,`,
    `${counts?.purged} sessions purged, ${counts?.events} events`,
    JSON.stringify(await countBy(pool, 'type', 'true')),
    ...lines,
  ];
  process.stderr.write(`${text.join('\n')}\n`);
}
