import { auditOwnDatabase } from '@phaselock/audit';
import { eventually } from '@phaselock/testkit';
import { everyPage, readFinalState } from './final-state.ts';
import { judgeConversations } from './judge-conversations.ts';
import { judgeActors, judgeForbidden } from './judge-effects.ts';
import { judgeFeedback } from './judge-feedback.ts';
import { judgeLogs } from './judge-logs.ts';
import { flawOfWhole, judgeStreams } from './judge-streams.ts';
import { judgeTotals } from './judge-totals.ts';
import type { Judging } from './judging.ts';
import type { KnownProcess, Memory } from './memory.ts';
import { runnerMove } from './moves-runners.ts';
import { instantAt, textAt } from './read.ts';
import type { Seen } from './seen.ts';
import type { OpenStream } from './streams.ts';
import type { Turn } from './turn.ts';

const PATIENCE_MS = 10_000;

/** Ends the walk: finishes remaining work, then reads the final state and checks it against the responses. */
export async function settle(judging: Judging, turn: Turn, databaseUrl: string): Promise<void> {
  await comeHome(turn);
  await untilNothingRuns(judging, turn);
  const sessions = await readFinalState(turn.ask, turn.clients.all, turn.memory);
  judgeConversations(judging, sessions);
  judgeLogs(judging, sessions);
  judgeTotals(judging, sessions);
  judgeActors(judging, sessions);
  await judgeMade(judging, turn);
  judgeFeedback(judging, await feedbackOf(judging, turn));
  await judgeAllStreams(judging, turn);
  await judgeByAudit(judging, databaseUrl);
}

/** Half of the unfinished runners finish their turns; the others never do. */
async function comeHome(turn: Turn): Promise<void> {
  for (const runner of turn.runners.all.filter(({ acts }, index) => acts.length > 0 && index % 2 === 0)) {
    const last = runner.acts.at(-1);
    if (last?.act !== 'finish') continue;
    runner.acts.splice(0, runner.acts.length, last);
    await runnerMove(turn, runner);
  }
}

/** Promise 10: no session has the status `running` without a lease. */
async function untilNothingRuns({ book }: Judging, { ask, clients, memory }: Turn): Promise<void> {
  const running = async (): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (const projectId of Object.values(memory.projects))
      found.push(
        ...(await everyPage(ask, clients.all, 'listSessions', { projectId, status: 'running', limit: '200' })),
      );
    return found;
  };
  const isSilent = (session: unknown): boolean => (instantAt(session, 'leaseExpiresAt') ?? 0) < Date.now();
  const left = await eventually(async () => (await running()).length === 0, {
    withinMs: PATIENCE_MS,
    everyMs: 500,
  })
    .then(() => [])
    .catch(async () => (await running()).filter((session) => isSilent(session)));
  const [first] = left;
  if (first !== undefined)
    book.complain({
      promise: '10 running without a lease',
      step: Number.POSITIVE_INFINITY,
      what: `${left.length} sessions, such as ${JSON.stringify(first)}`,
      about: [textAt(first, 'id') ?? ''],
    });
}

const feedbackOf = ({ book }: Judging, { ask, clients }: Turn): Promise<Seen[]> => {
  const given = book.calls.filter(({ operation, status }) => operation === 'giveFeedback' && status < 300);
  const ids = new Set(given.map(({ asking }) => asking.params?.sessionId ?? ''));
  return Promise.all([...ids].map((sessionId) => ask(clients.all, 'listFeedback', { params: { sessionId } })));
};

async function judgeMade(judging: Judging, { ask, clients }: Turn): Promise<void> {
  const made = await Promise.all([
    everyPage(ask, clients.all, 'listModels', { includeDeleted: 'true', limit: '200' }),
    everyPage(ask, clients.all, 'listProfiles', { includeDeleted: 'true', limit: '200' }),
    everyPage(ask, clients.all, 'listProjects', { limit: '200' }),
    everyPage(ask, clients.all, 'listApiKeys', { limit: '200' }),
  ]);
  judgeForbidden(judging, made.flat());
}

async function judgeAllStreams(judging: Judging, turn: Turn): Promise<void> {
  const { streams, memory, clients, step } = turn;
  const before = [...streams.all];
  const whole = await Promise.all(
    Object.values(memory.projects).map((id) => streams.open(clients.all, 'projectChanges', id, '0-0', step)),
  );
  // Marking processes as lost creates events, which may appear during these reads.
  const flaw = async (): Promise<string | undefined> =>
    flawOfWhole(whole, await readFinalState(turn.ask, clients.all, memory));
  const wait = { withinMs: PATIENCE_MS, everyMs: 1_000 };
  await eventually(async () => (await flaw()) === undefined, wait).catch(() => {});
  await eventually(() => before.every((stream) => isAtItsEnd(stream)), wait).catch(() => {});
  for (const stream of before.filter((one) => !isAtItsEnd(one)))
    judging.book.complain({
      promise: '9 stream stays open after its key was revoked',
      ...{ step: stream.step, about: [] },
      what: `${stream.operation} ${stream.id} is still open`,
    });
  judgeStreams(judging, whole, before, await flaw());
  for (const stream of streams.all) stream.close();
}

const isAtItsEnd = ({ revoked, ended }: OpenStream): boolean => !revoked || ended !== undefined;

async function judgeByAudit({ book, memory }: Judging, databaseUrl: string): Promise<void> {
  const { findings, summary } = await auditOwnDatabase(databaseUrl);
  if (summary.incomplete.length > 0) throw new Error(JSON.stringify(summary.incomplete));
  for (const { rule, subject, sessionId, message, expected, actual } of findings) {
    const process = memory.processes.get(subject.id);
    if (rule === 'SV302' || (rule === 'SV107' && process !== undefined && isOnTheirWord(memory, process))) continue;
    book.complain({
      promise: `10 ${rule}`,
      step: process?.step ?? Number.POSITIVE_INFINITY,
      what: `${subject.kind} ${subject.id}: ${message}; expected ${expected}, actual ${actual}`,
      ...{ whole: true, about: [sessionId ?? subject.id, subject.id] },
    });
  }
}

/**
 * The caller confirmed to resume an id that was never reported, so the check cannot decide whether that was correct.
 */
const isOnTheirWord = ({ reports }: Memory, { kept, preRetryId, begun }: KnownProcess): boolean =>
  kept && !reports.some((one) => one.agentId === preRetryId && !one.doubtful && one.answered < begun);
