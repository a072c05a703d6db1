import { readFile, writeFile } from 'node:fs/promises';
import { UsageError } from './read-arguments.ts';

export type Baseline = {
  /** Whether the baseline excuses this finding. Also marks the fingerprint as still found. */
  excuses(fingerprint: string): boolean;
  /** Excused fingerprints that this audit did not find. */
  stale(): readonly string[];
  /** Adds a finding to a new baseline. */
  add(fingerprint: string): void;
  /** True if the file did not exist. */
  readonly isNew: boolean;
  save(): Promise<void>;
};

const VERSION = 1;

/**
 * Opens the file of accepted findings. If the file does not exist, the findings of this audit become the new baseline.
 */
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
    // Invalid JSON is reported by the error below.
  }
  throw new UsageError(`--baseline: ${path} is not a baseline file`);
}
