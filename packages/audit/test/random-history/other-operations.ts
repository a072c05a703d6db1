import { randomUUID } from 'node:crypto';
import { parseSessionId, parseTaskId } from '@phaselock/core';
import { OPUS, SONNET, SONNET_NEXT } from '@phaselock/testkit';
import { anySession, type Operation, pickRecent, rememberGone, short } from './board.ts';
import { anyActor, anyKey } from './start-operations.ts';

/** Operations on whole sessions, on tasks and on what all tasks share. */

export const closeSession: Operation = async (scene) => {
  const { random, calls, tell } = scene;
  const session = anySession(scene);
  if (session === undefined) return undefined;
  const how = random.pick(['complete', 'fail', 'stop'] as const);
  tell(`${short(session.sessionId)}/${session.generation} ${how}`);
  await calls.closeSession({ sessionId: session.sessionId, generation: session.generation, how, ...anyActor(scene) });
  return how;
};

export const softDelete: Operation = async (scene) => {
  const { random, calls, tell } = scene;
  const session = anySession(scene);
  if (session === undefined) return undefined;
  tell(short(session.sessionId));
  await calls.softDelete({
    sessionId: session.sessionId,
    ...(random.chance(0.2) && { seenVersion: random.whole(1, 4) }),
    ...(random.chance(0.1) && { mayReplace: false }),
    ...anyActor(scene),
  });
  session.gone = true;
  return 'deleted';
};

export const bulkDelete: Operation = async (scene) => {
  const { random, card, board, calls, tell } = scene;
  const session = anySession(scene);
  const other = pickRecent(random, random.pick(board.cards).sessions);
  if (session === undefined || other === undefined) return undefined;
  tell(`${short(session.sessionId)} ${short(other.sessionId)}`);
  const mayReplace = !random.chance(0.2);
  const gone = await calls.bulkDelete([session.sessionId, other.sessionId], 'ada', { mayReplace });
  for (const id of gone) rememberGone(card, id);
  return gone.length > 0 ? 'deleted' : 'none left';
};

/** A well-formed id that nothing has. */
const unknownId = <Id>(parse: (text: string) => Id | undefined): Id => {
  const id = parse(randomUUID());
  if (id === undefined) throw new Error('a UUID was refused');
  return id;
};

export const giveFeedback: Operation = async (scene) => {
  const { random, card, calls, board, tell } = scene;
  const session = anySession(scene);
  if (session === undefined) return undefined;
  const given = {
    sessionId: random.chance(0.04) ? unknownId(parseSessionId) : session.sessionId,
    rating: random.pick(['good', 'neutral', 'bad'] as const),
    ...(random.chance(0.5) && { comment: board.unique('comment') }),
    ...anyActor(scene),
    ...anyKey(scene, 0.2),
  };
  tell(short(session.sessionId));
  if (given.idempotencyKey !== undefined)
    card.repeats.push({
      operation: 'feedback',
      send: async (to) => {
        await to.recordFeedback(given);
        return 'given';
      },
    });
  await calls.recordFeedback(given);
  return 'given';
};

/** Sends a call again with its key. */
export const repeat: Operation = async ({ random, card, calls, tell }) => {
  const again = pickRecent(random, card.repeats);
  if (again === undefined) return undefined;
  tell(again.operation);
  return `${await again.send(calls)} again`;
};

/** Uses the key of an earlier call for another request. */
export const reuseKey: Operation = async (scene) => {
  const { card, calls, board } = scene;
  const key = { scope: 'a client', key: board.unique('key') };
  const request = {
    taskId: card.taskId,
    phase: 'plan',
    mode: 'debug',
    model: { agent: 'claude-code', model: SONNET },
  } as const;
  await calls.start({ ...request, idempotencyKey: { ...key, fingerprint: 'as first sent' } });
  const again = await calls.start({ ...request, idempotencyKey: { ...key, fingerprint: 'another' } });
  return again.kind;
};

export const addAttempt: Operation = async ({ calls, card, random }) => {
  const taskId = random.chance(0.04) ? unknownId(parseTaskId) : card.taskId;
  const attempt = await calls.addAttempt(taskId, { branch: 'attempt/2' });
  if (random.chance(0.3)) {
    await calls.deleteAttempt(attempt);
    return 'added and deleted';
  }
  card.attempts.push(attempt);
  return 'added';
};

export const deleteAttempt: Operation = async ({ calls, card, random, tell }) => {
  if (card.attempts.length < 2) return undefined;
  const attempt = random.pick(card.attempts.slice(1));
  tell(short(attempt));
  await calls.deleteAttempt(attempt);
  // Usually the clients learn of it, so that no further turn names it.
  if (random.chance(0.8)) card.attempts.splice(card.attempts.indexOf(attempt), 1);
  return 'deleted';
};

export const deleteTask: Operation = async ({ calls, card, board, random }) => {
  const taskId = random.chance(0.3) ? await calls.addTask(board.projectId, 'not used') : card.taskId;
  await calls.deleteTask(taskId);
  return 'deleted';
};

/** Changes what names of models mean, and which models exist. */
export const editCatalogue: Operation = async ({ calls, board: { settings }, random, tell }) => {
  const what = random.pick(['alias', 'profile', 'default', 'haiku'] as const);
  const model = random.pick([SONNET, SONNET_NEXT, OPUS]);
  tell(`${what} ${model}`);
  switch (what) {
    case 'alias':
      await calls.editModel(settings.alias, { standsFor: model });
      return what;
    case 'profile':
      await calls.editProfile(settings.profile, { model });
      return what;
    case 'default':
      await calls.editModel(settings.alias, { isDefault: random.chance(0.5) });
      return what;
    case 'haiku': {
      const { haiku } = settings;
      settings.haiku = undefined;
      if (haiku === undefined)
        settings.haiku = await calls.addModel({ agent: 'claude-code', name: 'claude-haiku-4-6' });
      else await calls.removeModel(haiku);
      return haiku === undefined ? 'added' : 'removed';
    }
  }
};

/** Flips the flags of the rollout. */
export const flipFlags: Operation = async ({ board: { settings }, random, tell }) => {
  settings.strategy = random.pick(['pessimistic', 'optimistic', 'redis'] as const);
  settings.guardOn = random.chance(0.85);
  tell(`${settings.strategy}, ${settings.guardOn ? 'on' : 'off'}`);
  return settings.guardOn ? 'on' : 'off';
};

/** Lets the lease of a process expire, as if its runner had stopped. */
export const lapse: Operation = async (scene) => {
  const { board, tell } = scene;
  const session = anySession(scene);
  if (session === undefined) return undefined;
  tell(short(session.sessionId));
  return (await board.upkeep.lapse(session)) ? 'lapsed' : 'refused no lease';
};

export const sweep: Operation = async ({ board }) => ((await board.upkeep.sweep()) > 0 ? 'swept' : 'nothing to sweep');

export const purge: Operation = async ({ board }) => ((await board.upkeep.purge()) > 0 ? 'purged' : 'nothing to purge');

export const deleteOrphans: Operation = async ({ board }) =>
  (await board.upkeep.deleteOrphans()) > 0 ? 'deleted' : 'no orphans';
