import { open } from 'node:fs/promises';

/** Flushes a folder to disk. Resolves once all names that were in the folder at the time of the call are durable. */
export type SyncDirectory = (path: string) => Promise<void>;

/**
 * Shares flushes between concurrent callers. A caller that arrives during a flush waits for the next one, because the
 * running flush may miss its file.
 */
export function groupedSync(sync: SyncDirectory = syncDirectory): SyncDirectory {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();

  const begin = (path: string): Promise<void> => {
    waiting.delete(path);
    const done = sync(path).finally(() => {
      if (running.get(path) === done) running.delete(path);
    });
    running.set(path, done);
    return done;
  };

  return (path) => {
    const next = waiting.get(path);
    if (next !== undefined) return next;
    const before = running.get(path);
    if (before === undefined) return begin(path);
    const after = before.then(
      () => begin(path),
      () => begin(path),
    );
    waiting.set(path, after);
    return after;
  };
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
