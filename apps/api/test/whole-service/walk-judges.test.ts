import { beforeEach, describe, expect, test } from 'vitest';
import { openBook } from './walk/book.ts';
import { openCatalogue } from './walk/catalogue.ts';
import type { FinalSession } from './walk/final-state.ts';
import { hear } from './walk/hear.ts';
import { judgeConversations } from './walk/judge-conversations.ts';
import { judgeLogs } from './walk/judge-logs.ts';
import { judgeTotals } from './walk/judge-totals.ts';
import type { Judging } from './walk/judging.ts';
import { openMemory } from './walk/memory.ts';
import { readOperations } from './walk/operations.ts';
import type { Asking, ClientName, Seen } from './walk/seen.ts';

const LEASE_MS = 1_000;
const SONNET = { agent: 'claude-code', model: 'claude-sonnet-4-5' };
const OPUS = { agent: 'claude-code', model: 'claude-opus-4-5' };

let judging: Judging;
beforeEach(() => {
  const memory = openMemory({ ours: uuid(1), theirs: uuid(2) });
  judging = { book: openBook(), memory, catalogue: openCatalogue(), operations: readOperations(), leaseMs: LEASE_MS };
  for (const [number, projectId] of [uuid(1), uuid(2)].entries())
    tell('createTask', { body: { projectId, title: 'a task' } }, 201, { id: uuid(10 + number) });
});

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const at = (ms: number): string => new Date(1_000_000 + ms).toISOString();

/** Records a made-up call and its response, sent and answered after all earlier ones. */
function tell(operation: string, asking: Asking, status: number, answer: unknown, name: ClientName = 'all'): void {
  const { book } = judging;
  const text = answer === undefined ? '' : JSON.stringify(answer);
  const [sent, answered] = [book.tick(), book.tick()];
  const code = status < 400 ? undefined : String(Reflect.get(Object(answer), 'code'));
  const seen: Seen = {
    ...{ call: sent, step: sent, client: { name, key: name }, operation, path: operation, asking, sent, answered },
    ...{ status, code, answer, text, etag: undefined },
  };
  book.write(seen);
  hear(judging, seen);
}

const broken = (): string[] => [...new Set(judging.book.broken.map(({ promise }) => promise))];

/** Starts session `id` in the slot used by most tests, with a generation. */
function start(id: number, generation: number, more: object = {}, asking: Asking = {}, name: ClientName = 'all'): void {
  const session = { id: uuid(id), generation, taskId: uuid(10), phase: 'run', mode: 'standard', model: SONNET };
  const body = { taskId: uuid(10), phase: 'run', model: SONNET };
  tell('startSession', { body, ...asking }, 201, { outcome: 'created', session, predecessor: null, ...more }, name);
}

function begin(
  process: number,
  session: number,
  seq: number,
  leaseMs: number,
  more: object = {},
  body: object = {},
): void {
  const fence = { sessionId: uuid(session), generation: session - 100 };
  const answer = { session: fence, processId: uuid(process), seq, passedSessionId: null, replaced: null };
  const asked = { generation: fence.generation, attemptId: uuid(50), ...body };
  const params = { sessionId: uuid(session) };
  tell('startTurn', { params, body: asked }, 201, { ...answer, leaseExpiresAt: at(leaseMs), ...more });
}

const of = (session: number, process: number) => ({ sessionId: uuid(session), processId: uuid(process) });
const beat = (session: number, process: number, generation = session - 100): void =>
  tell('heartbeat', { params: of(session, process), body: { generation } }, 200, {
    ...{ outcome: 'continue', leaseExpiresAt: at(5_000), why: null },
  });
const report = (session: number, process: number, agentSessionId: string): void =>
  tell(
    'reportAgentSession',
    { params: of(session, process), body: { generation: session - 100, agentSessionId } },
    204,
    undefined,
  );
const append = (session: number, process: number, line: string): void =>
  tell('appendLogs', { params: of(session, process), query: { generation: '1' }, lines: [{ line }] }, 200, {
    ...{ appended: 1, repaired: 0 },
  });
const usage = (inputTokens: number) => ({ inputTokens, outputTokens: 0, turns: 0, costUsdMicros: 0 });
const final = (session: number, processes: readonly object[], logs: readonly string[] = []): FinalSession => ({
  ...{ id: uuid(session), processes, events: [], logs },
  session: { id: uuid(session), taskId: uuid(10), usage: usage(0) },
});
const kept = (process: number, seq: number, model: object, passed: string | null) => ({
  ...{ id: uuid(process), seq, model, passedSessionId: passed, preRetryId: null, usage: usage(0) },
  action: passed === null ? 'CodingAgentInitialRequest' : 'CodingAgentFollowUpRequest',
});

describe('checkers of the walk report nothing', () => {
  test('about a correct history', () => {
    start(101, 1);
    begin(201, 101, 1, LEASE_MS);
    beat(101, 201);
    report(101, 201, 'a1');
    append(101, 201, 'hello');
    judgeLogs(judging, [final(101, [], ['hello'])]);
    judgeConversations(judging, [final(101, [kept(201, 1, SONNET, null)])]);
    expect(judging.book.report()).toBe('');
  });
});

/** Groups calls in one expression; arguments are evaluated in order. */
const inOrder = (..._said: readonly unknown[]): void => {};

const LIES: readonly (readonly [string, () => void])[] = [
  ['1 5xx 500 getSession', () => tell('getSession', {}, 500, { code: 'unexpected' })],
  ['1 no problem document getSession', () => tell('getSession', {}, 404, { error: 'no' })],
  [
    '1 undocumented code 409 already_exists getSession',
    () => tell('getSession', {}, 409, { code: 'already_exists', status: 409, title: '', requestId: '' }),
  ],
  [
    '2 heartbeat continues after a later process began',
    () => inOrder(begin(201, 101, 1, LEASE_MS), begin(202, 101, 2, 9_000), beat(101, 201)),
  ],
  [
    '2 process began while another held a lease',
    () => inOrder(begin(201, 101, 1, LEASE_MS), begin(202, 101, 2, LEASE_MS + 500)),
  ],
  [
    '2 heartbeat continues after the process ended',
    () => {
      begin(201, 101, 1, LEASE_MS);
      tell('finishTurn', { params: of(101, 201), body: { generation: 1, ending: 'killed' } }, 200, {});
      beat(101, 201);
    },
  ],
  [
    '4 lines of a process accepted after its successor began appendLogs',
    () => inOrder(begin(201, 101, 1, LEASE_MS), begin(202, 101, 2, 9_000), append(101, 201, 'late')),
  ],
  [
    '4 an id reported late is passed on',
    () => {
      begin(201, 101, 1, LEASE_MS);
      begin(202, 101, 2, 9_000);
      report(101, 201, 'late');
      begin(203, 101, 3, 19_000, { passedSessionId: 'late' });
    },
  ],
  ['5 wrong generation accepted heartbeat', () => inOrder(begin(201, 101, 1, LEASE_MS), beat(101, 201, 7))],
  [
    '5 old generation accepted stopSession',
    () => {
      tell('deleteSession', { params: { sessionId: uuid(101) } }, 204, undefined);
      tell('stopSession', { params: { sessionId: uuid(101) }, body: { generation: 1 } }, 200, { version: 3 });
    },
  ],
  ['5 generation repeated or decreased', () => start(102, 1)],
  [
    '5 old version accepted deleteSession',
    () => {
      tell('getSession', { params: { sessionId: uuid(101) } }, 200, { id: uuid(101), version: 4 });
      tell('deleteSession', { params: { sessionId: uuid(101) }, ifMatch: '"3"' }, 204, undefined);
    },
  ],
  [
    '6 usage goes down',
    () => {
      tell('getSession', {}, 200, { id: uuid(101), usage: usage(9) });
      tell('getSession', {}, 200, { id: uuid(101), usage: usage(8) });
    },
  ],
  ['6 usage does not add up', () => judgeTotals(judging, [final(101, [{ usage: usage(1) }])])],
  [
    '7 lines are lost',
    () => inOrder(begin(201, 101, 1, LEASE_MS), append(101, 201, 'x'), judgeLogs(judging, [final(101, [])])),
  ],
  [
    '7 lines are duplicated',
    () =>
      inOrder(begin(201, 101, 1, LEASE_MS), append(101, 201, 'x'), judgeLogs(judging, [final(101, [], ['x', 'x'])])),
  ],
  ['8 replaced without the scope startSession ', () => start(102, 2, { outcome: 'replaced' }, {}, 'limited')],
  ['8 seen by another project listTasks', () => tell('listTasks', {}, 200, { items: [{ id: uuid(10) }] }, 'other')],
  [
    'I done twice under one Idempotency-Key startSession',
    () => inOrder(start(102, 2, {}, { idempotencyKey: 'k' }), start(103, 3, {}, { idempotencyKey: 'k' })),
  ],
  [
    '3 resumed a conversation of another model',
    () => {
      begin(201, 101, 1, LEASE_MS);
      report(101, 201, 'a1');
      begin(202, 101, 2, 9_000, { passedSessionId: 'a1' });
      judgeConversations(judging, [final(101, [kept(201, 1, SONNET, null), kept(202, 2, OPUS, 'a1')])]);
    },
  ],
  [
    '3 first process resumes a conversation',
    () => judgeConversations(judging, [final(101, [kept(201, 1, SONNET, 'a1')])]),
  ],
];

describe('checkers of the walk report', () => {
  test.each(LIES)('%s', (promise, lie) => {
    start(101, 1);
    lie();
    expect(broken(), judging.book.report()).toContain(promise);
  });
});
