import { answerInTime } from './answer-in-time.ts';
import * as apiKeys from './api-keys.ts';
import * as board from './board.ts';
import { bulkStart } from './bulk.ts';
import { bulkDelete, deleteOrphans } from './bulk-delete.ts';
import { closeSession } from './close-session.ts';
import type { GuardContext } from './context.ts';
import * as deletion from './delete-from-board.ts';
import { softDelete } from './delete-session.ts';
import * as edits from './edit-board.ts';
import { exportSession } from './export-session.ts';
import { finishTurn } from './finish-turn.ts';
import { inOneTime } from './in-one-time.ts';
import { inOwnTime, inTimeLeft } from './in-own-time.ts';
import * as lookUp from './look-up.ts';
import { ownersOf } from './owners-of.ts';
import * as archives from './read-archives.ts';
import * as boards from './read-board.ts';
import { recordFeedback } from './record-feedback.ts';
import * as running from './running-turn.ts';
import { beginStandalone } from './standalone.ts';
import { start } from './start.ts';
import { startTurn } from './start-turn.ts';
import { sweepLapsed } from './sweep-lapsed.ts';

const bind =
  (ctx: GuardContext) =>
  <Rest extends unknown[], Result>(operation: (ctx: GuardContext, ...rest: Rest) => Result) =>
  (...rest: Rest): Result =>
    operation(ctx, ...rest);

/** Creates the guard: every operation of the product, bound to one context. */
export function createGuard(ctx: GuardContext) {
  const bound = bind(ctx);
  return {
    inOneTime: bound(inOneTime),
    answerInTime: <T>(work: () => Promise<T>): Promise<T> => answerInTime(ctx, work),
    // `bound` would lose the generic result type, so these are bound one by one.
    inTimeLeft: <T>(work: () => Promise<T>): Promise<T> => inTimeLeft(ctx, work),
    inOwnTime: <T>(work: () => Promise<T>): Promise<T> => inOwnTime(ctx, work),
    start: bound(start),
    startTurn: bound(startTurn),
    heartbeat: bound(running.heartbeat),
    finishTurn: bound(finishTurn),
    reportAgentSession: bound(running.reportAgentSession),
    appendLogs: bound(running.appendLogs),
    recordUsage: bound(running.recordUsage),
    sweepLapsed: bound(sweepLapsed),
    closeSession: bound(closeSession),
    softDelete: bound(softDelete),
    bulkStart: bound(bulkStart),
    bulkDelete: bound(bulkDelete),
    deleteOrphans: bound(deleteOrphans),
    current: bound(lookUp.current),
    latest: bound(lookUp.latest),
    latestMany: bound(lookUp.latestMany),
    list: bound(lookUp.list),
    session: bound(lookUp.session),
    processes: bound(lookUp.processes),
    events: bound(lookUp.events),
    processPage: bound(lookUp.processPage),
    eventPage: bound(lookUp.eventPage),
    exportSession: bound(exportSession),
    beginStandalone: bound(beginStandalone),
    recordFeedback: bound(recordFeedback),
    addProject: bound(board.addProject),
    addTask: bound(board.addTask),
    addAttempt: bound(board.addAttempt),
    addModel: bound(board.addModel),
    addProfile: bound(board.addProfile),
    editProject: bound(edits.editProject),
    editModel: bound(edits.editModel),
    editProfile: bound(edits.editProfile),
    deleteModel: bound(board.deleteModel),
    deleteProfile: bound(board.deleteProfile),
    project: bound(boards.project),
    task: bound(boards.task),
    attempt: bound(boards.attempt),
    listProjects: bound(boards.listProjects),
    listTasks: bound(boards.listTasks),
    listAttempts: bound(boards.listAttempts),
    listModels: bound(boards.listModels),
    listProfiles: bound(boards.listProfiles),
    processesOfAttempt: bound(boards.processesOfAttempt),
    logs: bound(boards.logs),
    feedbackOf: bound(boards.feedbackOf),
    deleteProject: bound(deletion.deleteProject),
    deleteTask: bound(deletion.deleteTask),
    deleteAttempt: bound(deletion.deleteAttempt),
    removeModel: bound(deletion.removeModel),
    removeProfile: bound(deletion.removeProfile),
    archive: bound(archives.archive),
    listArchives: bound(archives.listArchives),
    recordArchiveRead: bound(archives.recordArchiveRead),
    ownersOf: bound(ownersOf),
    addApiKey: bound(apiKeys.addApiKey),
    findApiKey: bound(apiKeys.findApiKey),
    listApiKeys: bound(apiKeys.listApiKeys),
    revokeApiKey: bound(apiKeys.revokeApiKey),
    touchApiKeys: bound(apiKeys.touchApiKeys),
    readRollouts: bound(boards.readRollouts),
    listAnnouncements: bound(boards.listAnnouncements),
  };
}

export type Guard = ReturnType<typeof createGuard>;
