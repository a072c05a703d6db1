import { logDigestAfter, logLineHash } from '../evidence/log-digest.ts';

/** The log of a process, as an event of it records it. The digest is null without lines. */
export type ToldLog = { readonly lines: number; readonly digest: string | null };

type Line = Readonly<Record<string, unknown>>;
type Fold = { readonly lines: number; readonly digest: Buffer | undefined };

/** Compares the lines of a document, in their order, with the logs that events record. Keeps one digest per process. */
export function compareToldLogs(told: ReadonlyMap<string, ToldLog>) {
  const folds = new Map<string, Fold>([...told.keys()].map((id) => [id, { lines: 0, digest: undefined }]));
  return {
    take({ processId, kind, line }: Line): void {
      const before = typeof processId === 'string' ? folds.get(processId) : undefined;
      if (typeof processId !== 'string' || before === undefined) return;
      const digest = logDigestAfter(before.digest, logLineHash(String(kind), String(line)));
      folds.set(processId, { lines: before.lines + 1, digest });
    },
    differences(): readonly string[] {
      return [...told].flatMap(([id, log]) => {
        const found = folds.get(id);
        if (found?.lines !== log.lines)
          return [`has ${found?.lines ?? 0} instead of ${log.lines} log lines of the process ${id}`];
        if ((found.digest?.toString('hex') ?? null) === log.digest) return [];
        return [`has log lines of the process ${id} that do not have the digest in its events`];
      });
    },
  };
}
