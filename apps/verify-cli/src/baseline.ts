import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Finding, fingerprintOf, RULES, type Severity } from '@phaselock/audit';
import { toFile } from './output.ts';
import { type BaselineChoice, UsageError } from './read-arguments.ts';

export type Baseline = {
  readonly choice: BaselineChoice;
  /**
   * Whether the baseline accepts this finding: because the file names it, or because the file is being written. Also
   * marks the finding as still found.
   */
  accepts(finding: Finding): boolean;
  /** Entries of these rules that no finding of this audit matched. */
  notFound(rules: ReadonlySet<string>): readonly string[];
  /** The number of findings that are accepted for the first time. */
  added(): number;
  /** Writes the file, with the accepted findings and without the given entries. */
  save(without: readonly string[]): Promise<void>;
};

const VERSION = 1;

/** Opens the file of accepted findings. A missing file is an error without `--write-baseline`. */
export async function openBaseline(choice: BaselineChoice, failOn: Severity): Promise<Baseline> {
  const known = new Set(await readEntries(choice));
  if (choice.write || choice.prune) await demandWritable(choice.path);
  const seen = new Set<string>();
  const added = new Set<string>();
  // Infos may be as many as sessions, and excuse nothing unless they fail the audit.
  const isWorthAdding = ({ severity }: Finding): boolean => severity !== 'info' || failOn === 'info';
  return {
    choice,
    accepts: (finding) => {
      // A rule that did not run, and an entry that is out of date, cannot be accepted.
      if (RULES[finding.rule].family === 'meta') return false;
      const fingerprint = fingerprintOf(finding);
      if (known.has(fingerprint)) seen.add(fingerprint);
      else if (choice.write && isWorthAdding(finding)) added.add(fingerprint);
      else return false;
      return true;
    },
    notFound: (rules) =>
      [...known].filter((entry) => !seen.has(entry) && rules.has(entry.split(' ')[0] ?? '')).toSorted(),
    added: () => added.size,
    save: async (without) => {
      const removed = new Set(without);
      const findings = [...known, ...added].filter((entry) => !removed.has(entry)).toSorted();
      await using file = await toFile(choice.path);
      await file.write(`${JSON.stringify({ version: VERSION, findings }, null, 2)}\n`);
      await file.finish();
    },
  };
}

async function demandWritable(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK).catch((error: Error) => {
    throw new UsageError(`--baseline: the file cannot be written: ${error.message}`);
  });
}

async function readEntries({ path, write }: BaselineChoice): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw new UsageError(`--baseline: ${error.message}`);
    if (write) return undefined;
    throw new UsageError(
      `--baseline: there is no file ${path}; --write-baseline makes it from the findings of an audit`,
    );
  });
  return text === undefined ? [] : entriesIn(path, text);
}

function entriesIn(path: string, text: string): readonly string[] {
  const parsed = parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && 'findings' in parsed) {
    const { version, findings } = parsed;
    if (version !== VERSION)
      throw new UsageError(`--baseline: ${path} has version ${String(version)}, but this command reads ${VERSION}`);
    const isEntry = (one: unknown): one is string => typeof one === 'string';
    if (Array.isArray(findings) && findings.every(isEntry)) return findings;
  }
  throw new UsageError(`--baseline: ${path} is not a baseline file`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
