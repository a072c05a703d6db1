import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCOPES } from '@phaselock/contract';
import type { Guard } from '@phaselock/guard';
import { makeApiKey, matchesSecret, parseApiKey } from '../access/api-key-secret.ts';

export type MadeLocalKey = { readonly key: string; readonly file: string };

const ONLY_OWNER = 0o600;

/** The key of whoever runs the embedded database: beside it, for its owner only, and the same after a restart. */
export async function localKey(guard: Guard, dataDir: string): Promise<MadeLocalKey> {
  const file = join(dataDir, 'api-key');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (await isValid(guard, known.trim())) return { key: known.trim(), file };
  const { key, prefix, secretSha256 } = makeApiKey();
  await guard.addApiKey({ prefix, secretSha256, name: 'local', scopes: SCOPES, projectId: null });
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, `${key}\n`, { mode: ONLY_OWNER });
  return { key, file };
}

async function isValid(guard: Guard, key: string): Promise<boolean> {
  const parsed = parseApiKey(key);
  const stored = parsed === undefined ? undefined : await guard.findApiKey(parsed.prefix);
  if (parsed === undefined || stored === undefined || stored.revokedAt !== null) return false;
  return matchesSecret(parsed.secret, stored.secretSha256);
}
