import { rename, writeFile } from 'node:fs/promises';

/** What Prometheus scrapes, in a file that it reads again when it changes. */
export type Targets = {
  readonly file: string;
  /** Names of instances by the job they belong to. */
  add(job: string, ...addresses: readonly string[]): Promise<void>;
  remove(job: string, ...addresses: readonly string[]): Promise<void>;
  /** Takes out every instance of a job until it is disposed of. */
  withoutJob(job: string): Promise<AsyncDisposable>;
};

export async function keepTargets(file: string): Promise<Targets> {
  const jobs = new Map<string, Set<string>>();
  const hidden = new Set<string>();
  const write = async (): Promise<void> => {
    const groups = [...jobs]
      .filter(([job]) => !hidden.has(job))
      .map(([job, addresses]) => ({ labels: { job }, targets: [...addresses] }));
    // In one step: a half written file would be an empty list for a moment.
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
