import { rename, writeFile } from 'node:fs/promises';

/** The targets that Prometheus scrapes, in a file that it reads again after each change. */
export type Targets = {
  readonly file: string;
  /** Adds instances to a job. */
  add(job: string, ...addresses: readonly string[]): Promise<void>;
  remove(job: string, ...addresses: readonly string[]): Promise<void>;
  /** Removes every instance of a job until the result is disposed of. */
  withoutJob(job: string): Promise<AsyncDisposable>;
};

export async function keepTargets(file: string): Promise<Targets> {
  const jobs = new Map<string, Set<string>>();
  const hidden = new Set<string>();
  const write = async (): Promise<void> => {
    const groups = [...jobs]
      .filter(([job]) => !hidden.has(job))
      .map(([job, addresses]) => ({ labels: { job }, targets: [...addresses] }));
    // Replaces the file in one step, because Prometheus would read a partly written file as an empty list.
    await writeFile(`${file}.new`, JSON.stringify(groups));
    await rename(`${file}.new`, file);
  };
  await write();
  return {
    file,
    add: async (job, ...addresses) => {
      jobs.set(job, new Set([...(jobs.get(job) ?? []), ...addresses]));
      await write();
    },
    remove: async (job, ...addresses) => {
      for (const address of addresses) jobs.get(job)?.delete(address);
      await write();
    },
    withoutJob: async (job) => {
      hidden.add(job);
      await write();
      return {
        [Symbol.asyncDispose]: async () => {
          hidden.delete(job);
          await write();
        },
      };
    },
  };
}
