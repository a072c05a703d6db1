import { z } from 'zod';
import { followLines } from './follow-lines.ts';

export type JournalWatch = AsyncDisposable & {
  /** When the first arrival came: what is made before has its call in the journal, too. Rejects when the run ends without one. */
  readonly began: Promise<void>;
  /** Called with each project a user made, those of before included. */
  onProject(take: (projectId: string) => void): void;
};

const made = z.looseObject({ outcome: z.literal('ok'), told: z.looseObject({ id: z.string() }) });

/** What is to be known of a run while it goes on. Of a journal of millions of lines, only those that tell it are parsed. */
export function watchJournal(file: string): JournalWatch {
  const ending = new AbortController();
  const projects: string[] = [];
  const takers: ((projectId: string) => void)[] = [];
  const began = Promise.withResolvers<void>();
  // Not every scenario waits for it.
  began.promise.catch(() => undefined);
  const watch = async () => {
    for await (const line of followLines(file, ending.signal)) {
      if (line.includes('"arm":"open"')) began.resolve();
      if (!line.includes('"name":"create-project"')) continue;
      const { success, data } = made.safeParse(JSON.parse(line));
      if (!success) continue;
      projects.push(data.told.id);
      for (const take of takers) take(data.told.id);
    }
    began.reject(new Error(`nobody arrived: ${file} has no call of the open arm`));
  };
  const watching = watch();
  return {
    began: began.promise,
    onProject: (take) => {
      takers.push(take);
      for (const project of projects) take(project);
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await watching;
    },
  };
}
