import { open } from 'node:fs/promises';

/** A name is on the disk when its folder is. Resolves once everything that was in the folder at the call is there. */
export type SyncDirectory = (path: string) => Promise<void>;

/** Many who ask at once are served by one: whoever comes while one is under way waits for the next, which begins after it was asked for. */
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
