import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckedRule } from '../../chaos/check-history.ts';
import { checkAnswers } from '../../chaos/checkers/answers.ts';
import type { Finding } from '../../chaos/checkers/checker.ts';
import { checkContents } from '../../chaos/checkers/contents.ts';
import { type Final, NOTHING_BEFORE } from '../../chaos/read-back.ts';
import { type Audit, verifySessions } from '../../chaos/verify-sessions.ts';
import type { Call } from '../journal/journal-line.ts';
import type { RunFacts } from '../run/run-facts.ts';
import { createAcknowledged, unshown } from './expect-comparisons.ts';
import { judgePart } from './judge-parts.ts';
import { mergeRules } from './merge-rules.ts';
import { findMissingCalls } from './missing-calls.ts';
import { type KeptPromise, keptPromises } from './promises.ts';
import { rulesOfAudit } from './rules-of-audit.ts';
import { runClock } from './run-clock.ts';
import { type SplitJournal, splitJournal } from './split-journal.ts';
import { openStreams } from './streams-of-run.ts';
import { type RunWorld, worldInDatabase, worldOverHttp } from './world-of-run.ts';

/** What the proof needs of the tested product. Without a database address it only checks what the API returns. */
export type ProvenProduct = {
  readonly databaseUrl?: string | undefined;
  readonly urls: readonly string[];
  readonly key: string;
  readonly leaseMs: number;
  /** Environment of verify-sessions, which names the database and the archive. */
  readonly env: NodeJS.ProcessEnv;
};

export type Proof = {
  readonly calls: number;
  readonly promises: readonly KeptPromise[];
  readonly checkers: readonly CheckedRule[];
  readonly audit: Audit | null;
  /** The skipped checks, and why they were skipped. */
  readonly notChecked: readonly string[];
  /** All violations. The run is proven if there are none. */
  readonly findings: readonly string[];
};

export type ProveRun = {
  readonly folder: string;
  readonly product: ProvenProduct;
  readonly say: (line: string) => void;
  /** Size of the journal parts that are judged one at a time. */
  readonly partBytes?: number;
  /** Time-out of a database connection and of each read. The audit has no time-out. */
  readonly patienceMs?: number;
};

const PATIENCE_MS = 60_000;

/** Checks everything acknowledged during a run against the state afterwards. */
export async function proveRun({
  folder,
  product,
  say,
  partBytes,
  patienceMs = PATIENCE_MS,
}: ProveRun): Promise<Proof> {
  const facts: RunFacts = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8'));
  const acknowledged = createAcknowledged();
  const board = collectBoard();
  const answers = checkAnswers();
  const missing = findMissingCalls();
  const streams = await openStreams(folder);
  const eachCall = (call: Call) => {
    acknowledged.note(call);
    missing.note(call);
    answers.take(call);
    board.note(call);
    streams.note(call);
  };
  const into = join(folder, 'parts');
  const journal = await splitJournal({ folder, into, eachCall, ...(partBytes !== undefined && { partBytes }) });
  say(`${journal.calls} calls in the journal, judged in ${journal.parts.length} parts`);
  const wrong = [...journalFindings(journal), ...missing.findings()];
  if (journal.began === undefined) {
    const findings = [...wrong, 'journal: no line states when the run began'];
    return unproven({ calls: 0, checkers: [], findings, why: 'everything: the journal could not be read' });
  }

  const clock = runClock(journal.began);
  const address = { urls: product.urls, key: product.key };
  await using world: RunWorld =
    product.databaseUrl === undefined
      ? worldOverHttp(address, clock, board.made)
      : worldInDatabase({ url: product.databaseUrl, patienceMs }, address, clock, new Date(journal.began.wallMs));
  const rules: CheckedRule[] = [{ checker: answers.name, ...answers.conclude(NOTHING) }];
  const unread = await unreadIn(product, async () => {
    for (const [at, part] of journal.parts.entries()) {
      const { final, rules: ofRows } = await world.part(part.tasks);
      rules.push(...ofRows, ...(await judgePart(part, { ...EMPTY_BOARD, ...final }, product.leaseMs)));
      streams.keep(final);
      await rm(part.file);
      say(`part ${at + 1} of ${journal.parts.length}: ${final.sessions.size} sessions`);
    }
    rules.push(board.judge({ ...NO_SESSIONS, ...(await world.made(board.made)) }));
    rules.push(...(await streams.judge(world)));
  });
  await rm(into, { recursive: true });
  const checkers = mergeRules(rules);
  if (unread !== undefined)
    return unproven({ calls: journal.calls, checkers, findings: [...wrong, unread, ...crashesIn(facts)], why: unread });
  const audit = product.databaseUrl === undefined ? null : await verifySessions(product, { folder, mutant: false });
  const ofAudit = audit === null ? [] : auditFindings(audit, await rulesOfAudit(folder));
  const promises = keptPromises(checkers);
  const comparisons = { scenario: facts.scenario, acknowledged, rules: checkers, promises };
  return {
    calls: journal.calls,
    promises,
    checkers,
    audit,
    notChecked: product.databaseUrl === undefined ? notOverHttp(journal, board.made.tasks) : [],
    findings: [
      ...wrong,
      ...linesOf(checkers),
      ...unshown(comparisons).filter((line) => product.databaseUrl !== undefined || !line.includes('lives in slots')),
      ...ofAudit,
      ...crashesIn(facts),
    ],
  };
}

const EMPTY_BOARD = { project: new Map(), task: new Map(), attempt: new Map(), made: new Map() };
const NO_SESSIONS = { sessions: new Map(), unreadable: new Set<string>(), before: NOTHING_BEFORE };
const NOTHING = { final: { ...EMPTY_BOARD, ...NO_SESSIONS }, changes: new Map() };

const lineOf = ({ rule, what, operations }: Finding): string =>
  `${rule}: ${what}${operations.length === 0 ? '' : ` (calls ${operations.slice(0, 8).join(', ')})`}`;

function auditFindings({ exitCode, summary }: Audit, rules: readonly string[]): string[] {
  if (exitCode === 0) return [];
  const found = rules.length === 0 ? '' : `, found by ${rules.join(', ')}`;
  return [`audit: verify-sessions --all ended with ${exitCode}${found}: ${summary}`];
}

type Unproven = Pick<Proof, 'calls' | 'checkers' | 'findings'> & { readonly why: string };

/** A failed proof with the findings collected so far. */
const unproven = ({ calls, checkers, findings, why }: Unproven): Proof => ({
  calls,
  promises: keptPromises(checkers),
  checkers,
  audit: null,
  notChecked: [why],
  findings: [...findings, ...linesOf(checkers)],
});

const linesOf = (checkers: readonly CheckedRule[]): string[] =>
  checkers.flatMap(({ checker, findings }) => findings.map((one) => `${checker}: ${lineOf(one)}`));

const crashesIn = ({ crashes }: RunFacts): string[] => crashes.map((crash) => `crash: ${crash}`);

/** Reads the state after the run. A failure becomes a finding, so that a finished run still gets its files. */
async function unreadIn({ databaseUrl }: ProvenProduct, read: () => Promise<void>): Promise<string | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    const whose = databaseUrl === undefined ? 'product' : 'database';
    return `${whose}: the state after the run could not be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function journalFindings({ bad, calls, slotless, torn }: SplitJournal): string[] {
  return [
    ...bad.map(({ line, text }) => `journal: line ${line} cannot be read: ${text}`),
    ...slotless.map((n) => `journal: call ${n} names a session but no slot`),
    // k6 ended regularly, since an interrupted run is not proven, so a partial line belongs to a finished call.
    ...(torn ? ['journal: it ends within a line, so the call of that line is unknown'] : []),
    ...(calls === 0 ? ['journal: it contains no call'] : []),
  ];
}

function notOverHttp({ parts }: SplitJournal, made: ReadonlySet<string>): string[] {
  const others = parts.flatMap(({ tasks }) => tasks).filter((task) => !made.has(task)).length;
  return [
    'verify-sessions --all, which needs the database (--database-url)',
    'the lifetimes of sessions in the database rows; the responses of clients were checked',
    ...(others > 0 ? [`the final state of ${others} tasks that existed before the run`] : []),
  ];
}

/**
 * Collects the created projects, tasks and attempts. They have no slot and are compared by title, for all tasks at
 * once.
 */
function collectBoard() {
  const contents = checkContents();
  const projects = new Set<string>();
  const projectTitles = new Set<string>();
  const tasks = new Set<string>();
  const parents = { projects: new Set<string>(), tasks: new Set<string>() };
  return {
    made: { projects, projectTitles, tasks, parents },
    note: (call: Call) => {
      const { kind, asked, told } = call;
      if (kind !== 'project' && kind !== 'task' && kind !== 'attempt') return;
      contents.take(call);
      if (kind === 'project' && asked.title !== undefined) projectTitles.add(asked.title);
      if (kind === 'project' && told?.id !== undefined) projects.add(told.id);
      if (kind === 'task' && told?.id !== undefined) tasks.add(told.id);
      if (kind === 'task' && asked.parent !== undefined) parents.projects.add(asked.parent);
      if (kind === 'attempt' && asked.parent !== undefined) parents.tasks.add(asked.parent);
    },
    judge: (final: Final): CheckedRule => ({
      checker: contents.name,
      ...contents.conclude({ final, changes: new Map() }),
    }),
  };
}
