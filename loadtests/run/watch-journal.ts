import { z } from 'zod';
import { followLines } from './follow-lines.ts';

export type JournalWatch = AsyncDisposable & {
  /**
   * Resolves at the first arrival, because the setup before it also writes calls to the journal. Rejects if the run
   * ends without an arrival.
   */
  readonly began: Promise<void>;
  /** Registers a callback for each created project, including earlier ones. */
  onProject(take: (projectId: string) => void): void;
};

const made = z.looseObject({ outcome: z.literal('ok'), told: z.looseObject({ id: z.string() }) });

/** Watches the journal during a run. It may have millions of lines, so only the relevant ones are parsed. */
export function watchJournal(file: string): JournalWatch {
  const ending = new AbortController();
  const projects: string[] = [];
  const takers: ((projectId: string) => void)[] = [];
  const began = Promise.withResolvers<void>();
  // Prevents an unhandled rejection in scenarios that do not wait for it.
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
    began.reject(new Error(`no arrival came: ${file} has no call of the open arm`));
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
