import { type Adopted, type DistrustedObject, recogniseStore, type StepsDone, StoreFailure } from '@phaselock/archive';
import { visibleText } from '@phaselock/core';
import {
  type ChainProgress,
  type DeadLetter,
  lastRuns,
  MOST_TASKS_LEFT,
  type RunRecord,
  readArchiveStatus,
  readChainProgress,
} from '@phaselock/store';
import { ages, type Worker } from './open-worker.ts';
import type { OnceDone } from './run-once.ts';

const MEGABYTE = 1_048_576;
const megabytes = (bytes: number): string => `${(bytes / MEGABYTE).toFixed(1)} MB`;
const minute = (at: Date | null): string => (at === null ? 'not yet' : `${at.toISOString().slice(0, 16)}Z`);

export const progressLine = ({ archived, bytes, purged, removed, failed }: StepsDone): string =>
  `archived ${archived} (${megabytes(bytes)}) · purged ${purged} · removed ${removed} · failed ${failed}`;

export const summaryLine = (done: OnceDone, tookMs: number): string =>
  [
    progressLine(done),
    ...(done.orphans > 0 ? [`orphans deleted ${done.orphans}`] : []),
    `${(tookMs / 1000).toFixed(1)} s`,
    ...(done.storeChanged !== null ? ['not the store recorded in the database: nothing was done there'] : []),
    ...(done.storeDown && done.storeChanged === null
      ? ['the store could not be used: see `purge-worker dlq list` and `status`']
      : []),
  ].join(' · ');

export const letterLine = ({ sessionId, failures, code, message, deadAt, discardReason }: DeadLetter): string =>
  [
    `${sessionId}  ${minute(deadAt)}  ${failures} tries  ${code ?? '?'}`,
    `  ${visibleText(message ?? '')}`,
    ...(discardReason === null ? [] : [`  discarded: ${visibleText(discardReason)}`]),
  ].join('\n');

const runLine = ({ startedAt, finishedAt, archived, purged, removed, failed, bytes }: RunRecord): string => {
  const took =
    finishedAt === null ? 'not ended' : `${((finishedAt.getTime() - startedAt.getTime()) / 1000).toFixed(1)} s`;
  return `  ${minute(startedAt)}  ${took}  archived ${archived} (${megabytes(bytes)}), purged ${purged}, removed ${removed}, failed ${failed}`;
};

/** Printed when a check before the purge finds that an archived object is missing, damaged or unreadable. */
export const distrustedLine = ({ sessionId, code, message, dead }: DistrustedObject): string =>
  `${sessionId} ${dead ? 'is a dead letter' : 'is archived again'}: ${code}: ${message}`;

/**
 * Reports in one line whether the object store is the one recorded in the database. A store that cannot be read is
 * reported in this line too, so that `status` and `once --dry-run` still print the rest.
 */
export async function lookAtStore({ database, store }: Worker): Promise<{ line: string; changed: boolean }> {
  const line = (text: string): string => `store    ${text}`;
  try {
    const found = await recogniseStore(database, store);
    switch (found.kind) {
      case 'known':
        return { line: line(`${store.place}, known as ${found.store.id}`), changed: false };
      case 'unmarked':
        return { line: line(`${store.place}, not marked yet: the first run marks it`), changed: false };
      case 'changed':
        return { line: line(`store_changed: ${found.why}`), changed: true };
    }
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    return { line: line(`${error.code}: ${error.message}`), changed: error.code === 'store_changed' };
  }
}

/** The result of `purge-worker store adopt`, which records the configured object store in the database. */
export function adoptedLines({ kind, id, read, lost, examples }: Adopted, place: string): string {
  if (kind === 'known-already') return `${place} is already the store recorded in this database (${id})`;
  const found = `${read} objects of purged sessions were read: ${lost === 0 ? 'each is as recorded, or had expired' : `${lost} are not as recorded`}`;
  const some = examples.map(({ sessionId, why }) => `  ${sessionId}  ${why}`);
  const end =
    kind === 'adopted'
      ? `${place} is now the store recorded in this database (${id})`
      : 'Nothing was changed. Restore the objects, or use --despite-loss: the sessions of these objects are then lost';
  return [found, ...some, end].join('\n');
}

export async function readStatus({ database, config }: Worker, storeLine: string): Promise<string> {
  const status = await readArchiveStatus(database.kysely, ages(config));
  const runs = await lastRuns(database.kysely, 5);
  const retry = status.nextRetryAt === null ? '' : `, the next at ${minute(status.nextRetryAt)}`;
  return [
    `due      archive ${status.toArchive}, purge ${status.toPurge} · waiting for a retry ${status.waitingForRetry}${retry}`,
    `kept     ${status.kept} (${megabytes(status.keptBytes)}), ${status.held} on hold · expired and removed ${status.removed}`,
    `letters  dead ${status.deadLetters}, discarded ${status.discarded} · leftovers to remove ${status.leftovers}`,
    storeLine,
    chainLine(await readChainProgress(database.kysely)),
    `schedule ${config.schedule} UTC, ${config.lanes} workers, batches of ${config.batch}`,
    runs.length === 0 ? 'runs     none yet' : ['runs', ...runs.map(runLine)].join('\n'),
  ].join('\n');
}

/** How far the events of earlier releases are chained. */
const chainLine = ({ finished, chainedTasks, chainedEvents, tasksLeft }: ChainProgress): string =>
  finished
    ? 'chains   every event is chained'
    : `chains   ${chainedEvents} events of ${chainedTasks} tasks were chained · left ${tasksLeft === MOST_TASKS_LEFT ? 'at least ' : ''}${tasksLeft} tasks`;

/**
 * The message of an unexpected error, with its class name. An AggregateError has no message of its own, so its parts
 * are listed.
 */
export function inWords(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(inWords).join(', ');
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
