import { randomBytes } from 'node:crypto';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

/**
 * Reads the password of an existing cluster. A file that others could read is made private again. Its password stays
 * valid, because a running server may be in use, so a warning tells the operator to change it.
 */
export async function readPassword(file: string, warn: (text: string) => void = () => undefined): Promise<string> {
  const found = await readPrivateFile(file).catch((cause: unknown) => missing(file, cause));
  if (found === undefined) return missing(file);
  const { text, exposed } = found;
  if (exposed !== null) {
    await writePrivateFile(file, text);
    warn(
      `Other users could read ${file} (${exposed}). It is private now, but the password of the embedded PostgreSQL may be known to them: change it as described in docs/operating.md.`,
    );
  }
  return text;
}

function missing(file: string, cause?: unknown): never {
  throw new Error(`The password of the embedded PostgreSQL is missing: ${file} can't be read.`, { cause });
}

/** Generates the password of a new cluster, in a file that only the current user can read. */
export async function choosePassword(file: string): Promise<string> {
  const password = randomBytes(24).toString('hex');
  await writePrivateFile(file, password);
  return password;
}
