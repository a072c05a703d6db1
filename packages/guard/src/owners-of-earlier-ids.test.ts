import type { AgentSessionId, AttemptId, TaskId } from '@phaselock/core';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  checkHistory,
  type GuardedSession,
  lapseLease,
  OPUS,
  openTestGuard,
  replaceBy,
  runTurn,
  SONNET,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

const TAKEN = { code: 'agent_session_taken' } as const;
const LEGACY = { guarded: false } as const;

type Was = {
  readonly taskId: TaskId;
  readonly attemptId: AttemptId;
  readonly session: GuardedSession;
  readonly a: AgentSessionId;
  readonly b: AgentSessionId;
  /** Ends the process that reported the ids. */
  readonly end: () => Promise<unknown>;
  readonly token: ReturnType<typeof tokenOf>;
};

/** A session with a process at work that reported A, then B, then A again. */
async function reported(how: { readonly guarded?: false } = {}): Promise<Was> {
  const { guard, world } = scene;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId, SONNET, how));
  const [a, b] = [agentId(`a ${taskId}`), agentId(`b ${taskId}`)];
  const token = tokenOf(startedOf(await guard.startTurn(aTurn(session, attemptId))));
  for (const id of [a, b, a]) await guard.reportAgentSession(token, id);
  const end = () => guard.finishTurn({ ...token, ending: 'completed' });
  return { taskId, attemptId, session, a, b, end, token };
}

/** A retry in the live session of the slot. It ends at once and reports the id that it resumed. */
async function retry({ taskId, attemptId }: Was, preRetryId: AgentSessionId) {
  const { guard } = scene;
  const live = (await guard.latest(aStart(taskId))) ?? (await begin(guard, aStart(taskId)));
  const sonnet = { model: { agent: 'claude-code', model: SONNET }, onModelChange: 'replace' } as const;
  return runTurn(guard, aTurn(live, attemptId, { preRetryId, ...sonnet }), preRetryId);
}

const SITUATIONS: readonly (readonly [what: string, after: () => Promise<Was>])[] = [
  ['its process is at work', reported],
  [
    'its process ended',
    async () => {
      const was = await reported();
      await was.end();
      return was;
    },
  ],
  [
    'its process was lost, and another one began',
    async () => {
      const was = await reported();
      await lapseLease(scene, was.session);
      await runTurn(scene.guard, aTurn(was.session, was.attemptId), `next ${was.taskId}`);
      return was;
    },
  ],
  [
    'it was replaced for another model while its process was at work',
    async () => {
      const was = await reported();
      await replaceBy(scene.guard, aStart(was.taskId, OPUS));
      return was;
    },
  ],
  [
    'it was deleted',
    async () => {
      const was = await reported();
      await was.end();
      await scene.guard.softDelete({ sessionId: was.session.id });
      return was;
    },
  ],
  [
    'it was adopted by the guard',
    async () => {
      const was = await reported(LEGACY);
      await was.end();
      await begin(scene.guard, aStart(was.taskId));
      expect(await scene.guard.session(was.session.id)).toMatchObject({ guarded: true, deletedAt: null });
      return was;
    },
  ],
  [
    'it was collapsed',
    async () => {
      const was = await reported(LEGACY);
      await was.end();
      await begin(scene.guard, aStart(was.taskId, SONNET, LEGACY));
      await begin(scene.guard, aStart(was.taskId));
      expect(await scene.guard.session(was.session.id)).toMatchObject({ deletedReason: 'collapsed' });
      return was;
    },
  ],
  [
    'the next session of its slot resumed A',
    async () => {
      const was = await reported();
      await was.end();
      await scene.guard.softDelete({ sessionId: was.session.id });
      expect(await retry(was, was.a)).toMatchObject({ passedSessionId: was.a });
      return was;
    },
  ],
  [
    'the next session of its slot resumed B, and reported other ids since',
    async () => {
      const was = await reported();
      await was.end();
      await scene.guard.softDelete({ sessionId: was.session.id });
      const { session } = await retry(was, was.b);
      await runTurn(scene.guard, { ...session, attemptId: was.attemptId }, `other ${was.taskId}`);
      return was;
    },
  ],
];

describe.each(SITUATIONS)('of a session whose process reported A, B and A again, after %s,', (_, after) => {
  let was: Was;
  beforeAll(async () => {
    was = await after();
  });

  test('no other slot and no other task can resume or report an id', async () => {
    const { guard, world } = scene;
    const { taskId, attemptId, a, b } = was;
    const stranger = await world.task();
    const places = [
      { session: await begin(guard, aStart(taskId, SONNET, { phase: 'plan' })), attemptId },
      { session: await begin(guard, aStart(stranger)), attemptId: await world.attempt(stranger) },
      { session: await guard.beginStandalone(aStart(taskId)), attemptId },
    ];
    for (const place of places) {
      const turn = aTurn(place.session, place.attemptId);
      for (const preRetryId of [a, b])
        for (const say of [{}, { say: { kind: 'keep' } }, { onModelChange: 'replace' }] as const)
          expect(await guard.startTurn({ ...turn, preRetryId, ...say })).toMatchObject({ kind: 'refused', ...TAKEN });
      const token = tokenOf(startedOf(await guard.startTurn(turn)));
      for (const id of [a, b]) await expect(guard.reportAgentSession(token, id)).rejects.toMatchObject(TAKEN);
      await guard.finishTurn({ ...token, ending: 'completed' });
    }
  });

  test('a late report of its process adds no id, and a retry in its slot resumes B, then A', async () => {
    const { guard } = scene;
    const { session, token, a, b } = was;
    const late = agentId(`late ${session.id}`);
    const [atWork] = (await guard.processes(session.id)).filter(({ status }) => status === 'running');
    if (atWork === undefined) await expect(guard.reportAgentSession(token, late)).rejects.toThrow();
    await was.end();
    await expect(guard.reportAgentSession(token, late)).rejects.toThrow();
    const { rows } = await guard.database.pool.pg.query(
      'select agent_session_id from earlier_conversations where process_id = $1 order by 1',
      [token.processId],
    );
    expect(rows.map((row) => row.agent_session_id)).toEqual([a, b]);
    for (const id of [b, a]) expect(await retry(was, id)).toMatchObject({ passedSessionId: id, reason: 'same-model' });
  });
});

test('histories with such ids have no violations', async () => {
  expect(await checkHistory(scene.guard.database, [])).toEqual([]);
});
