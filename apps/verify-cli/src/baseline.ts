import { readFile, writeFile } from 'node:fs/promises';
import { UsageError } from './read-arguments.ts';

export type Baseline = {
  /** Whether a finding is excused; remembers that it was found. */
  excuses(fingerprint: string): boolean;
  /** What is excused and was not found. */
  stale(): readonly string[];
  /** Notes a finding of a baseline that is being made. */
  add(fingerprint: string): void;
  readonly isNew: boolean;
  save(): Promise<void>;
};

const VERSION = 1;

/** Findings that are known and lived with. A file that is not there yet is made of what is found now. */
export async function openBaseline(path: string): Promise<Baseline> {
  const known = await readKnown(path);
  const excused = new Set(known ?? []);
  const seen = new Set<string>();
  return {
    isNew: known === undefined,
    excuses: (fingerprint) => {
      if (!excused.has(fingerprint)) return false;
      seen.add(fingerprint);
      return true;
    },
    stale: () => [...excused].filter((fingerprint) => !seen.has(fingerprint)).toSorted(),
    add: (fingerprint) => void seen.add(fingerprint),
    save: async () => {
      await writeFile(path, `${JSON.stringify({ version: VERSION, findings: [...seen].toSorted() }, null, 2)}\n`);
    },
  };
}

async function readKnown(path: string): Promise<string[] | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new UsageError(`--baseline: ${error.message}`);
  });
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const findings: unknown =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'findings') : undefined;
    if (Array.isArray(findings)) return findings.filter((one) => typeof one === 'string');
  } catch {
    // Said below, as for every other text that is none.
  }
  throw new UsageError(`--baseline: ${path} is no baseline`);
}
