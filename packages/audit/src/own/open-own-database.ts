import type { Row } from '../check.ts';
import type { Finding, Repair } from '../finding.ts';
import type { SourceTraits } from '../judge-turn.ts';
import { NotFound, OtherSchema, type Source, SourceFailure } from '../source.ts';
import { everyTurn } from '../turn-history.ts';
import { ownArchiveRecords } from './archives/own-archive-records.ts';
import { askEachRow } from './ask-each-row.ts';
import { askLater } from './ask-later.ts';
import { changesOf } from './changes.ts';
import { connect } from './connect.ts';
import { countOwn, countRead } from './count-rows.ts';
import { databaseFailure } from './database-failure.ts';
import { openEvidence } from './evidence.ts';
import { EARLIER_IDS, ownHistory } from './history.ts';
import { openQuestions } from './open-questions.ts';
import { askInNewSnapshot, joinSnapshot, openSnapshot, type Snapshot, type Wanted } from './open-snapshot.ts';
import { openRepairs } from './repairs/open-repairs.ts';
import { type Scope, scopeSql } from './scope.ts';
import { type SharedConnections, shareConnections } from './shared-connections.ts';

export type OwnDatabase = {
  readonly url: string;
  readonly statementTimeoutMs: number;
  /** The scope of the audit. An attempt or a task is looked up first. */
  readonly wanted: Wanted;
  /** If aborted, the current statements are cancelled at the server and every later call fails. */
  readonly ended?: AbortSignal;
  /** Whether to compute every hash of the event chains anew. An audit of a task or an attempt always does. */
  readonly chain?: boolean;
};

/** Checks that run in parallel. The audit of one task or attempt is too small for a second connection. */
const LANES = 2;

/** Opens a phaselock database in one read-only snapshot. */
export async function openOwnDatabase({
  url,
  statementTimeoutMs,
  wanted,
  chain = false,
  ended,
}: OwnDatabase): Promise<Source> {
  await using opened = new AsyncDisposableStack();
  try {
    const first = opened.use(await connect(url, ended));
    const { shared, ...snapshot } = await openSnapshot(first.client, statementTimeoutMs, wanted);
    const { scope } = snapshot;
    const lanes = [first];
    while (scope.kind !== 'task' && scope.kind !== 'attempt' && lanes.length < LANES) {
      const next = opened.use(await connect(url, ended));
      await joinSnapshot(next.client, statementTimeoutMs, shared);
      lanes.push(next);
    }
    // A connection of its own: while a finding is reported, the others wait for its reader.
    const repairs = opened.use(
      askLater(async () => {
        const joined = await connect(url, ended);
        await joinSnapshot(joined.client, statementTimeoutMs, shared);
        return joined;
      }),
    );
    const owned = opened.move();
    const rehashes = chain || wanted.kind === 'since-seal' || scope.kind === 'task' || scope.kind === 'attempt';
    return sourceOn(shareConnections(lanes), {
      snapshot,
      rehashes,
      askNow: (sql, values) => askInNewSnapshot({ url, statementTimeoutMs }, sql, values),
      repairOf: openRepairs(repairs.ask),
      close: () => owned.disposeAsync(),
    });
  } catch (error) {
    throw error instanceof NotFound || error instanceof OtherSchema || error instanceof SourceFailure
      ? error
      : databaseFailure(error);
  }
}

type Opened = {
  readonly snapshot: Snapshot;
  readonly rehashes: boolean;
  readonly askNow: (sql: string, values: unknown[]) => Promise<readonly Row[]>;
  readonly repairOf: (found: Finding) => Promise<Repair>;
  readonly close: () => Promise<void>;
};

function sourceOn(connections: SharedConnections, { snapshot, rehashes, askNow, repairOf, close }: Opened): Source {
  const { description, names, scope, standby, cluster, notes } = snapshot;
  const traits: SourceTraits = { freshStaysInThread: false, ...names };
  const within = scopeSql(scope);
  const { checks, rows } = openQuestions(connections, scope, traits, rehashes);
  return {
    description,
    attemptId: scope.kind === 'attempt' ? scope.attemptId : undefined,
    notes,
    traits,
    checks,
    notApplicable: new Map([
      ['SV403', 'an unreported id is passed only after a retry with it, which SV103 and SV107 report'],
      ['SV304', 'the database stores times as timestamps'],
      ['SV504', 'archive objects are read only with --deep'],
      ['SV507', 'the archive store is examined only with --deep'],
      ['SV508', 'archive objects are read only with --deep'],
      ['SV510', whyNotListed(scope, standby)],
      ['SV405', 'usage is recorded in the transaction that reports it'],
      ['SV407', 'a retry may name the id of a dropped process; SV103 checks the id that is passed'],
      ['SV408', 'usage is stored on its session and its process'],
      ['SV409', 'a process names its session when it starts'],
      ['SV602', 'rows are compared with the values in their events only with --chain'],
      ['SV603', 'a seal is compared only with --against'],
      ['SV604', 'a seal is compared only with --against'],
      ['SV605', 'log lines are compared with their digests only with --chain'],
    ]),
    lanes: connections.size,
    rows,
    changes: () => askEachRow(connections, { sql: changesOf(within) }, within),
    timeline: (attemptId) =>
      connections.ask(
        `${ownHistory(within)}
         select turns.*, s.phase || case s.mode when 'standard' then '' else ' ' || s.mode end as slot
         from (${everyTurn(EARLIER_IDS)}) turns left join sessions s on s.id = turns.session_id where turns.attempt_id = $2::uuid order by turns.nth`,
        [...within.values, attemptId],
      ),
    count: () => countOwn(connections, within),
    countRead: () => countRead(connections, within),
    archive: ownArchiveRecords({
      ask: (sql, values) => connections.ask(sql, values),
      askNow,
      within,
      whole: scope.kind === 'all' && !standby,
    }),
    evidence: openEvidence(connections, within, { rehashes, cluster }),
    repairOf,
    [Symbol.asyncDispose]: close,
  };
}

function whyNotListed({ kind }: Scope, standby: boolean): string {
  if (standby) return 'a standby may lack the records of the latest objects: audit the primary';
  return kind === 'all'
    ? 'the archive store is listed only with --deep'
    : 'the archive store is listed only with --all';
}
