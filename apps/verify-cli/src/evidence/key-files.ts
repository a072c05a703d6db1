import { readFile } from 'node:fs/promises';
import { isSecret, parseSigningKey, parseVerifyingKey, type SigningKey, type VerifyingKey } from '@phaselock/audit';
import type { Environment } from '../choose-source.ts';
import { UsageError } from '../usage-error.ts';

const SIGNING_KEY = 'PHASELOCK_SEAL_KEY';

/** The private key from its file, or from the environment. */
export async function readSigningKey(path: string | undefined, env: Environment): Promise<SigningKey> {
  const text = path === undefined ? env[SIGNING_KEY] : await readText('--key', path);
  if (text === undefined || text === '') throw new UsageError(`seal needs a private key: --key, or ${SIGNING_KEY}`);
  const key = parseSigningKey(text);
  if (key !== undefined) return key;
  const what = path ?? SIGNING_KEY;
  // The key itself is never printed.
  if (parseVerifyingKey(text) !== undefined)
    throw new UsageError(`${what} is a public key; seal needs the private one`);
  throw new UsageError(`${what} is not a private key of \`verify-sessions seal-key\``);
}

export async function readVerifyingKey(path: string): Promise<VerifyingKey> {
  const text = await readText('--public-key', path);
  const key = parseVerifyingKey(text);
  if (key !== undefined) return key;
  if (parseSigningKey(text) !== undefined)
    throw new UsageError(`${path} is a private key; --public-key needs the public one`);
  throw new UsageError(`${path} is not a public key of \`verify-sessions seal-key\``);
}

/** A file that an argument names. A key that was given in its place is not repeated in the message. */
export async function readText(flag: string, path: string): Promise<string> {
  if (isSecret(path))
    throw new UsageError(
      `${flag} needs the name of a file, and was given a private key. Make a new key: others may have seen this one`,
    );
  return await readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`${flag}: ${error.message}`);
  });
}
