import { randomBytes } from 'node:crypto';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

/**
 * Reads the password of a cluster that exists. A file that others could read is made private again; the password in it stays, for a running server
 * has its users, so whoever looks after it is told to change it.
 */
export async function readPassword(file: string, warn: (text: string) => void = () => undefined): Promise<string> {
  const found = await readPrivateFile(file).catch((cause: unknown) => missing(file, cause));
  if (found === undefined) return missing(file);
  const { text, exposed } = found;
  if (exposed !== null) {
    await writePrivateFile(file, text);
    warn(
      `Others could read ${file} (${exposed}). It is private now, but take the password of the embedded PostgreSQL for known to them: docs/operating.md says how to change it.`,
    );
  }
  return text;
}

function missing(file: string, cause?: unknown): never {
  throw new Error(`The password of the embedded PostgreSQL is missing: ${file} can't be read.`, { cause });
}

/** Chooses the password of a cluster about to be made. Only our own user can read it. */
export async function choosePassword(file: string): Promise<string> {
  const password = randomBytes(24).toString('hex');
  await writePrivateFile(file, password);
  return password;
}
