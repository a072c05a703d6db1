import type { DatabaseSync } from 'node:sqlite';
import type { Check, Row } from '../check.ts';
import { finding } from '../check.ts';
import {
  conversationNobodyRecorded,
  conversationShared,
  conversationSharedByEither,
  endedWithoutTime,
  twoRunning,
} from '../checks/conversations.ts';
import { turnsCheck } from '../checks/turns.ts';
import type { SubjectKind } from '../finding.ts';
import { judgeTurn, modelChangeOfTurn, type SourceTraits } from '../judge-turn.ts';
import { isRuleId, RULE_IDS, type RuleId } from '../rules.ts';
import type { Counts, Source } from '../source.ts';
import { everyTurn, HISTORY_COLUMNS, suspiciousTurns } from '../turn-history.ts';
import { loadSqlite } from './load-sqlite.ts';
import type { ForeignWanted } from './wanted.ts';

/** A process in the format common to all sources; turn-history.ts describes its columns. */
export type NeutralProcess = {
  readonly id: string;
  readonly task_id: string | null;
  readonly attempt_id: string | null;
  readonly session_id: string | null;
  readonly thread: string;
  readonly owner: string;
  readonly nth: number;
  readonly action: 'initial' | 'follow-up' | null;
  readonly passed: string | null;
  readonly doubt: string | null;
  readonly told: string | null;
  readonly pre_retry: string | null;
  readonly skip_context: 'yes' | 'no' | 'unknown';
  readonly fresh_because: string | null;
  readonly dropped: 'yes' | 'no';
  readonly invalidated: 'yes' | 'no';
  readonly invalidated_by: number | null;
  readonly agent: string | null;
  readonly variant: string | null;
  readonly model: string | null;
  readonly model_known: 'yes' | 'no';
  /** The model that an alias stood for; no other system stores it. */
  readonly resolved: null;
  readonly parameters: string;
  readonly taken_up: null;
  readonly kept_through: null;
  readonly status: 'running' | 'ended';
  readonly started_at: string;
  readonly ended_at: string | null;
};

/** A finding that a source makes in its own tables, because the process history cannot show it. */
export type Oddity = {
  readonly rule: RuleId;
  readonly kind: SubjectKind;
  readonly id: string;
  readonly task_id: string | null;
  readonly attempt_id: string | null;
  readonly session_id: string | null;
  readonly message: string;
};

export type ForeignHistory = {
  readonly description: string;
  readonly notes: readonly string[];
  readonly traits: SourceTraits;
  readonly processes: readonly NeutralProcess[];
  readonly oddities: readonly Oddity[];
  readonly counts: Counts;
  /** The scope, with the full id of its attempt or task. */
  readonly wanted: ForeignWanted;
  /** The rules this source supports. The report lists all others as not applicable. */
  readonly answers: ReadonlySet<RuleId>;
};

const ODDITY = [
  'rule',
  'kind',
  'id',
  'task_id',
  'attempt_id',
  'session_id',
  'message',
] as const satisfies readonly (keyof Oddity)[];

/** The columns of `history` that are compared as numbers. */
const NUMBERS: ReadonlySet<string> = new Set(['nth', 'invalidated_by'] satisfies readonly (keyof NeutralProcess)[]);

const oddities = (rules: readonly RuleId[]): Check => ({
  name: 'oddities',
  rules,
  sql: 'select * from oddity',
  read: (row) => {
    const { rule, kind, id, message } = row;
    const known: readonly SubjectKind[] = ['process', 'session', 'slot', 'task', 'archive', 'object'];
    const subject = known.find((one) => one === kind);
    if (rule == null || !isRuleId(rule) || subject === undefined) throw new TypeError(`no rule ${rule}`);
    return [finding(rule, row, { kind: subject, id: id ?? null, message: message ?? '' })];
  },
});

/**
 * A source for the history of another system. It is loaded into an in-memory SQLite database, so that the same
 * statements and the same code check it.
 */
export function foreignSource(history: ForeignHistory): Source {
  const sqlite = loadSqlite();
  const database = new sqlite.DatabaseSync(':memory:');
  database.exec(`
    create table history (${HISTORY_COLUMNS.map((name) => `${name} ${NUMBERS.has(name) ? 'integer' : 'text'}`).join(', ')});
    create table oddity (${ODDITY.map((name) => `${name} text`).join(', ')})`);
  fill(database, 'history', HISTORY_COLUMNS, history.processes);
  fill(database, 'oddity', ODDITY, history.oddities);
  database.exec(
    'create index history_thread on history (thread, nth); create index history_told on history (told); create index history_id on history (id)',
  );
  const { answers, wanted } = history;
  const isWanted = (row: Row): boolean => wanted.kind !== 'task' || row.task_id === wanted.given;
  const all = [
    turnsCheck(history.traits),
    // In a smaller scope the finding must not depend on which of the two used the conversation first.
    wanted.kind === 'all' ? conversationShared : conversationSharedByEither,
    conversationNobodyRecorded,
    endedWithoutTime,
    twoRunning,
    oddities([...answers]),
  ];
  return {
    description: history.description,
    notes: history.notes,
    traits: history.traits,
    attemptId: wanted.kind === 'attempt' ? wanted.given : undefined,
    checks: all.filter(({ rules }) => rules.some((rule) => answers.has(rule))),
    notApplicable: new Map(
      RULE_IDS.filter((id) => !answers.has(id)).map((id) => [id, 'this source does not store the data it needs']),
    ),
    async *rows({ sql }) {
      for (const each of database.prepare(sql).iterate()) {
        const row = printed(each);
        if (isWanted(row)) yield row;
      }
    },
    async *changes() {
      for (const each of database.prepare(suspiciousTurns()).iterate()) {
        const turn = printed(each);
        if (!isWanted(turn) || turn.action !== 'initial' || turn.n === '1' || turn.skip_context === 'yes') continue;
        const change = modelChangeOfTurn(turn, history.traits);
        // The system may have compared other processes, or knew a model that is not stored.
        if (change === 'unknown' || turn.fresh_because !== null) yield { ...turn, optional: 'yes' };
        else if (change === 'changed' && judgeTurn(turn, history.traits).kind === 'right') yield turn;
      }
    },
    timeline: async (attemptId) =>
      database.prepare(`select * from (${everyTurn()}) where attempt_id = ? order by nth`).all(attemptId).map(printed),
    count: async () => history.counts,
    countRead: async () => ({
      sessions: history.counts.sessions,
      processes: history.counts.interactions,
      events: null,
      archives: null,
    }),
    archive: undefined,
    lanes: 1,
    [Symbol.asyncDispose]: async () => database.close(),
  };
}

function fill<Item extends object>(
  database: DatabaseSync,
  table: string,
  columns: readonly (keyof Item & string)[],
  items: readonly Item[],
): void {
  const insert = database.prepare(
    `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
  );
  database.exec('begin');
  for (const item of items) {
    insert.run(...columns.map((column): string | number | null => plain(item[column])));
  }
  database.exec('commit');
}

const plain = (value: unknown): string | number | null =>
  typeof value === 'string' || typeof value === 'number' ? value : null;

/** Converts every value to a text or null, as PostgreSQL returns rows here. */
const printed = (row: Record<string, unknown>): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value === null || value === undefined ? null : String(value)]),
  );
