import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeApiKey, matchesSecret, parseApiKey } from '@phaselock/access';
import { SCOPES } from '@phaselock/contract';
import type { Guard } from '@phaselock/guard';
import { readPrivateFile, type StoredApiKey, writePrivateFile } from '@phaselock/store';

export type MadeLocalKey = { readonly key: string; readonly file: string };

/**
 * The key of whoever runs the embedded database: beside it, for its owner only, and the same after a restart. One that others could read is taken
 * for known to them: it is revoked, and another one takes its place.
 */
export async function localKey(guard: Guard, dataDir: string, warn: (text: string) => void): Promise<MadeLocalKey> {
  const file = join(dataDir, 'api-key');
  const found = await readPrivateFile(file);
  const key = found?.text.trim() ?? '';
  const stored = await findValid(guard, key);
  if (found?.exposed === null && stored !== undefined) return { key, file };
  const made = await makeKey(guard, dataDir, file);
  if (stored !== undefined) {
    // Afterwards, so that at no time there is none; and even if it was the last one, since the new one is.
    await guard.revokeApiKey(stored.id, { evenLast: true });
    warn(`Others could read ${file} (${found?.exposed}): its key was revoked, and there is a new one in it.`);
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
