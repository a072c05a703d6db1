import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

/** Reads the password of a cluster that exists. */
export async function readPassword(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`The password of the embedded PostgreSQL is missing: ${file} can't be read.`, { cause });
  });
}

/** Chooses the password of a cluster about to be made. Only our own user can read it. */
export async function choosePassword(file: string): Promise<string> {
  const password = randomBytes(24).toString('hex');
  await writeFile(`${file}.new`, password, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return password;
}
