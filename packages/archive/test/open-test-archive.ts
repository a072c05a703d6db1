import { join } from 'node:path';
import {
  aStart,
  aTurn,
  begin,
  openTestGuard,
  runTurn,
  startedOf,
  type TestGuard,
  temporaryDirectory,
  tokenOf,
} from '@phaselock/testkit';
import type { ArchiveContext } from '../src/steps/archive-context.ts';
import type { ObjectStore } from '../src/stores/object-store.ts';
import { openObjectStore } from '../src/stores/open-object-store.ts';
import { contextAtOnce } from './context-at-once.ts';

export type TestArchive = AsyncDisposable & {
  readonly home: TestGuard;
  readonly folder: string;
  readonly ctx: ArchiveContext;
  /** The observed events, in short form. */
  readonly told: string[];
  /** The context of another worker on the same archive, with changes. */
  with(changes: Partial<ArchiveContext>): ArchiveContext;
};

/** A guard and an archive in a folder, with a policy that archives and purges immediately. */
export async function openTestArchive(
  given: { readonly store?: ObjectStore; readonly changes?: Partial<ArchiveContext> } = {},
): Promise<TestArchive> {
  const stack = new AsyncDisposableStack();
  try {
    const home = stack.use(await openTestGuard());
    const { path } = stack.use(await temporaryDirectory());
    const folder = join(path, 'archive');
    const store = given.store ?? stack.use(await openObjectStore(`folder:${folder}`));
    const told: string[] = [];
    const ctx = contextAtOnce({
      database: home.guard.database,
      store,
      scratch: path,
      observe: {
        archived: (sessions) => told.push(`archived ${sessions}`),
        failed: (code, dead) => told.push(`${code}${dead ? ' dead' : ''}`),
        changed: (sessions) => told.push(`changed ${sessions}`),
        distrusted: ({ code, dead }) => told.push(`distrusted ${code}${dead ? ' dead' : ''}`),
        purged: (sessions) => told.push(`purged ${sessions}`),
        removed: (objects) => told.push(`removed ${objects}`),
        batch: () => undefined,
      },
      ...given.changes,
    });
    return {
      home,
      folder,
      ctx,
      told,
      with: (changes) => ({ ...ctx, ...changes }),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A session with two turns, a log and feedback, deleted by its user. */
export async function aDeletedSession({ guard, world }: TestGuard, lines: readonly string[] = ['kept']) {
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  await runTurn(guard, aTurn(session, attemptId), `agent-${taskId}`);
  const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  await guard.appendLogs(
    tokenOf(turn),
    lines.map((line) => ({ kind: 'stdout', line })),
  );
  await guard.finishTurn({ ...tokenOf(turn), ending: 'completed', exitCode: 0 });
  await guard.recordFeedback({ sessionId: session.id, rating: 'good', comment: 'as it should be', actor: 'ada' });
  await guard.softDelete({ sessionId: session.id, actor: 'ada' });
  return { taskId, attemptId, sessionId: session.id, turn: tokenOf(turn) };
}
