import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeApiKey, matchesSecret, parseApiKey } from '@phaselock/access';
import { SCOPES } from '@phaselock/contract';
import type { Guard } from '@phaselock/guard';
import { readPrivateFile, type StoredApiKey, writePrivateFile } from '@phaselock/store';

export type MadeLocalKey = { readonly key: string; readonly file: string };

/**
 * The API key for the embedded database, stored beside it and readable by its owner only. It stays the same after a
 * restart. If other users could read the file, the key counts as compromised: it is revoked and replaced.
 */
export async function localKey(guard: Guard, dataDir: string, warn: (text: string) => void): Promise<MadeLocalKey> {
  const file = join(dataDir, 'api-key');
  const found = await readPrivateFile(file);
  const key = found?.text.trim() ?? '';
  const stored = await findValid(guard, key);
  if (found?.exposed === null && stored !== undefined) return { key, file };
  const made = await makeKey(guard, dataDir, file);
  if (stored !== undefined) {
    // Revoked after the new key exists, so that there is always a valid admin key. For the same reason `evenLast` is safe.
    await guard.revokeApiKey(stored.id, { evenLast: true });
    warn(`Others could read ${file} (${found?.exposed}): its key was revoked, and the file has a new one.`);
  }
  return { key: made, file };
}

async function makeKey(guard: Guard, dataDir: string, file: string): Promise<string> {
  const { key, prefix, secretSha256 } = makeApiKey();
  await guard.addApiKey({ prefix, secretSha256, name: 'local', scopes: SCOPES, projectId: null });
  await mkdir(dataDir, { recursive: true });
  await writePrivateFile(file, `${key}\n`);
  return key;
}

async function findValid(guard: Guard, key: string): Promise<StoredApiKey | undefined> {
  const parsed = parseApiKey(key);
  const stored = parsed === undefined ? undefined : await guard.findApiKey(parsed.prefix);
  if (parsed === undefined || stored === undefined || stored.revokedAt !== null) return undefined;
  return matchesSecret(parsed.secret, stored.secretSha256) ? stored : undefined;
}
