import type { AttemptId, TaskId } from '@phaselock/core';
import type { StartedTurn } from '@phaselock/guard';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  confirmed,
  type GuardedSession,
  lapseLease,
  OPUS,
  replaceBy,
  runTurn,
  SONNET,
  SONNET_NEXT,
  shown,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';

/** The sessions, tasks and attempts of a correct history with every kind of life, by what happened to them. */
export type Lives = Readonly<Record<string, string>>;

const ACTOR = { actor: 'ada' } as const;
const USAGE = { inputTokens: 1_000, outputTokens: 200, turns: 3, costUsdMicros: 12_345 } as const;
const sonnet = { agent: 'claude-code', model: SONNET } as const;

type Place = { readonly home: TestGuard; readonly taskId: TaskId; readonly attemptId: AttemptId };

async function aPlace(home: TestGuard): Promise<Place> {
  const taskId = await home.world.task();
  return { home, taskId, attemptId: await home.world.attempt(taskId) };
}

/** Creates a correct history in which a session was replaced, ended, lost, kept, retried, collapsed or purged in every way. */
export async function everyLife(home: TestGuard): Promise<Lives> {
  return {
    ...(await replacements(await aPlace(home))),
    ...(await freshTurns(await aPlace(home))),
    ...(await retries(await aPlace(home))),
    ...(await legacy(await aPlace(home))),
    ...(await losses(await aPlace(home))),
    ...(await ends(await aPlace(home))),
    ...(await standalone(await aPlace(home))),
    ...(await purged(await aPlace(home))),
  };
}

/** Two phases and two modes, with usage, logs, feedback and a handoff. */
async function replacements({ home: { guard }, taskId, attemptId }: Place): Promise<Lives> {
  const replaced = await begin(guard, aStart(taskId, SONNET, ACTOR));
  const turn = startedOf(await guard.startTurn(aTurn(replaced, attemptId, ACTOR)));
  await guard.appendLogs(tokenOf(turn), [{ kind: 'stdout', line: 'working' }]);
  await guard.finishTurn({
    ...tokenOf(turn),
    ending: 'completed',
    exitCode: 0,
    agentSessionId: agentId(`a1-${taskId}`),
    usage: USAGE,
  });
  await runTurn(guard, aTurn(replaced, attemptId), `a2-${taskId}`);
  await guard.recordFeedback({ sessionId: replaced.id, rating: 'good' });
  const opus = aStart(taskId, OPUS, { ...ACTOR, ...confirmed(shown(replaced)), handoff: { summary: 'half done' } });
  const successor = await begin(guard, opus);
  const logged = await runTurn(guard, aTurn(successor, attemptId), `a3-${taskId}`);
  await guard.appendLogs(tokenOf(logged), [{ kind: 'result', line: 'done' }]);
  await guard.recordUsage(tokenOf(logged), USAGE);
  await runTurn(guard, aTurn(successor, attemptId), `a4-${taskId}`);
  const plan = await begin(guard, aStart(taskId, SONNET, { phase: 'plan' }));
  await runTurn(guard, aTurn(plan, attemptId), `plan-${taskId}`);
  const debug = await begin(
    guard,
    aStart(taskId, SONNET, { mode: 'debug', model: { agent: 'claude-code', variant: 'SONNET_DEF' } }),
  );
  await runTurn(guard, aTurn(debug, attemptId), `debug-${taskId}`);
  const minor = await begin(guard, aStart(taskId, SONNET, { phase: 'verify' }));
  await runTurn(guard, aTurn(minor, attemptId), `minor-${taskId}`);
  const minorTo = await replaceBy(guard, aStart(taskId, SONNET_NEXT, { phase: 'verify' }));
  await runTurn(guard, aTurn(minorTo, attemptId), `minor-to-${taskId}`);
  return {
    task: taskId,
    attempt: attemptId,
    ...idsOf({ replaced, successor, plan, debug, minor, minorTo }),
  };
}

/** Turns that began another conversation: another model, without context, or because the agent lost it. */
async function freshTurns({ home: { guard }, taskId, attemptId }: Place): Promise<Lives> {
  const changed = await begin(guard, aStart(taskId));
  await runTurn(guard, aTurn(changed, attemptId), `b1-${taskId}`);
  const opus = { model: { agent: 'claude-code', model: OPUS }, onModelChange: 'replace' } as const;
  const changedTo = await runTurn(guard, aTurn(changed, attemptId, opus), `b2-${taskId}`);
  const skipped = await runTurn(
    guard,
    { ...changedTo.session, attemptId, skipContext: true, ...ACTOR },
    `b3-${taskId}`,
  );
  const invalid = await runTurn(
    guard,
    { ...skipped.session, attemptId, lostId: agentId(`b3-${taskId}`) },
    `b4-${taskId}`,
  );
  // Resumes the first conversation in a session of its own.
  const takenUp = await runTurn(
    guard,
    { ...invalid.session, attemptId, model: sonnet, onModelChange: 'replace', preRetryId: agentId(`b1-${taskId}`) },
    `b1-${taskId}`,
  );
  await runTurn(guard, { ...takenUp.session, attemptId }, `b5-${taskId}`);
  const begun = { changedTo, skipped, invalid, takenUp };
  const sessions = Object.entries(begun).map(([name, turn]): [string, StartedTurn['session']] => [name, turn.session]);
  return {
    changed: changed.id,
    ...Object.fromEntries(sessions.map(([name, { sessionId }]) => [name, sessionId])),
  };
}

async function retries({ home: { guard }, taskId, attemptId }: Place): Promise<Lives> {
  const retried = await begin(guard, aStart(taskId));
  for (const step of [1, 2, 3]) await runTurn(guard, aTurn(retried, attemptId), `c${step}-${taskId}`);
  const from = { preRetryId: agentId(`c1-${taskId}`) };
  await runTurn(guard, aTurn(retried, attemptId, from), `c4-${taskId}`);
  await runTurn(guard, aTurn(retried, attemptId), `c5-${taskId}`);
  const kept = await begin(guard, aStart(taskId, SONNET, { phase: 'plan' }));
  await runTurn(guard, aTurn(kept, attemptId), `k1-${taskId}`);
  const next = { model: { agent: 'claude-code', model: SONNET_NEXT }, say: { kind: 'keep' } } as const;
  await runTurn(guard, aTurn(kept, attemptId, next), `k2-${taskId}`);
  // The model that made the conversation may go on with it.
  await runTurn(guard, aTurn(kept, attemptId), `k3-${taskId}`);
  return idsOf({ retried, kept });
}

/** Sessions from before their task was guarded: adopted, collapsed, replaced and deleted. */
async function legacy({ home: { guard }, taskId, attemptId }: Place): Promise<Lives> {
  const outside = { guarded: false } as const;
  const collapsed = await begin(guard, aStart(taskId, SONNET, outside));
  await runTurn(guard, aTurn(collapsed, attemptId), `l1-${taskId}`);
  const adopted = await begin(guard, aStart(taskId, SONNET, { ...outside, ...ACTOR }));
  await runTurn(guard, aTurn(adopted, attemptId), `l2-${taskId}`);
  await begin(guard, aStart(taskId, SONNET));
  await runTurn(guard, aTurn(adopted, attemptId), `l3-${taskId}`);
  const beside = await begin(guard, aStart(taskId, OPUS, { ...outside, phase: 'plan' }));
  await runTurn(guard, aTurn(beside, attemptId), `l4-${taskId}`);
  const overBeside = await replaceBy(guard, aStart(taskId, SONNET, { phase: 'plan' }));
  await runTurn(guard, aTurn(overBeside, attemptId), `l5-${taskId}`);
  const besideDeleted = await begin(guard, aStart(taskId, OPUS, { ...outside, phase: 'verify' }));
  await runTurn(guard, aTurn(besideDeleted, attemptId), `l6-${taskId}`);
  await guard.softDelete({ sessionId: besideDeleted.id });
  return idsOf({ collapsed, adopted, beside, overBeside, besideDeleted });
}

/** Processes whose lease expired: found by the sweep, by the next turn, by the archive, and reported late. */
async function losses({ home, taskId, attemptId }: Place): Promise<Lives> {
  const { guard } = home;
  const swept = await begin(guard, aStart(taskId));
  await guard.startTurn(aTurn(swept, attemptId));
  await lapseLease(home, swept);
  await guard.sweepLapsed();
  const late = await begin(guard, aStart(taskId, SONNET, { phase: 'plan' }));
  await runTurn(guard, aTurn(late, attemptId), `d1-${taskId}`);
  const silent = startedOf(await guard.startTurn(aTurn(late, attemptId)));
  await lapseLease(home, late);
  const next = startedOf(await guard.startTurn(aTurn(late, attemptId)));
  await guard.finishTurn({ ...tokenOf(silent), ending: 'failed', usage: USAGE });
  await guard.finishTurn({ ...tokenOf(next), ending: 'completed', agentSessionId: agentId(`d2-${taskId}`) });
  const handed = await begin(guard, aStart(taskId, SONNET, { phase: 'verify' }));
  const stopping = startedOf(await guard.startTurn(aTurn(handed, attemptId)));
  const handedTo = await replaceBy(guard, aStart(taskId, OPUS, { phase: 'verify' }));
  await guard.finishTurn({ ...tokenOf(stopping), ending: 'killed' });
  await runTurn(guard, aTurn(handedTo, attemptId), `d3-${taskId}`);
  const left = await begin(guard, aStart(taskId, SONNET, { mode: 'debug' }));
  await guard.startTurn(aTurn(left, attemptId));
  await guard.softDelete({ sessionId: left.id });
  await lapseLease(home, left);
  await guard.database.pool.pg.query('select from claim_unarchived(gen_random_uuid(), 1000, 60, 0)');
  await guard.database.pool.pg.query('delete from archive_claims');
  return idsOf({ swept, late, handed, handedTo, left });
}

async function ends({ home: { guard }, taskId, attemptId }: Place): Promise<Lives> {
  const deleted = await begin(guard, aStart(taskId, SONNET, ACTOR));
  await runTurn(guard, aTurn(deleted, attemptId), `e1-${taskId}`);
  await runTurn(guard, aTurn(deleted, attemptId), `e2-${taskId}`);
  await guard.softDelete({ sessionId: deleted.id, ...ACTOR });
  const running = await begin(guard, aStart(taskId, SONNET, { phase: 'plan' }));
  await guard.startTurn(aTurn(running, attemptId));
  const closed = await begin(guard, aStart(taskId, SONNET, { phase: 'verify' }));
  await runTurn(guard, aTurn(closed, attemptId), `e3-${taskId}`);
  await guard.closeSession({ ...shown(closed), how: 'complete' });
  const reopened = await begin(guard, aStart(taskId, SONNET, { mode: 'debug' }));
  await guard.closeSession({ ...shown(reopened), how: 'stop' });
  await runTurn(guard, aTurn(reopened, attemptId), `e4-${taskId}`);
  const waited = await begin(guard, aStart(taskId, SONNET, { phase: 'plan', mode: 'debug' }));
  await runTurn(guard, aTurn(waited, attemptId), `e5-${taskId}`);
  const pending = await replaceBy(guard, aStart(taskId, OPUS, { phase: 'plan', mode: 'debug' }));
  return {
    endsTask: taskId,
    endsAttempt: attemptId,
    ...idsOf({ deleted, running, closed, reopened, waited, pending }),
  };
}

async function standalone({ home: { guard }, taskId, attemptId }: Place): Promise<Lives> {
  const alone = await guard.beginStandalone({ ...aStart(taskId), ...ACTOR });
  const turn = startedOf(await guard.startTurn(aTurn(alone, attemptId)));
  await guard.finishTurn({
    ...tokenOf(turn),
    ending: 'completed',
    agentSessionId: agentId(`s1-${taskId}`),
    usage: USAGE,
  });
  const milestone = await guard.beginStandalone({ ...aStart(taskId), milestoneId: 'M1' });
  await runTurn(guard, aTurn(milestone, attemptId), `s2-${taskId}`);
  await guard.closeSession({ ...shown(milestone), how: 'stop' });
  return idsOf({ alone, milestone });
}

/** A replaced session that was archived and purged, as the purge worker leaves it. */
async function purged({ home: { guard }, taskId, attemptId }: Place): Promise<Lives> {
  const gone = await begin(guard, aStart(taskId));
  await runTurn(guard, aTurn(gone, attemptId), `p1-${taskId}`);
  const overGone = await replaceBy(guard, aStart(taskId, OPUS));
  await runTurn(guard, aTurn(overGone, attemptId), `p2-${taskId}`);
  const client = await guard.database.pool.pg.connect();
  await client.query(`begin; set local session_replication_role = replica;
    insert into archives (session_id, task_id, project_id, phase, mode, agent, variant, model, generation, predecessor_id, replaced_by,
                          session_created_at, deleted_at, deleted_reason, feedback_count, session_version, object_key, sha256, bytes,
                          process_count, event_count, log_count, verified_at, purged_at, expires_at)
      select s.id, s.task_id, t.project_id, s.phase, s.mode, s.agent, s.variant, s.model, s.generation, s.predecessor_id, s.replaced_by,
             s.created_at, s.deleted_at, s.deleted_reason, 0, s.version, s.id::text, sha256('x'), 1,
             1, (select count(*) from session_events e where e.session_id = s.id or e.predecessor_id = s.id), 0, now(), now(), now() + interval '1 year'
      from sessions s join tasks t on t.id = s.task_id where s.id = '${gone.id}';
    delete from processes where session_id = '${gone.id}';
    delete from sessions where id = '${gone.id}';
    commit`);
  client.release(true);
  return idsOf({ gone, overGone });
}

const idsOf = (sessions: Readonly<Record<string, Pick<GuardedSession, 'id'>>>): Lives =>
  Object.fromEntries(Object.entries(sessions).map(([name, { id }]) => [name, id]));
