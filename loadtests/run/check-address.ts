import { readFile } from 'node:fs/promises';
import { runAdminStatement } from '@phaselock/testkit';
import { type Target, UsageError } from './read-arguments.ts';
import { tellError } from './tell-error.ts';

type Address = Extract<Target, { kind: 'address' }>;

/**
 * Tests each address, the key and the database before the load starts, so that an unusable target is reported at once.
 * Returns the key.
 */
export async function checkAddress({ urls, keyFile, databaseUrl }: Address): Promise<string> {
  const key = await readFile(keyFile, 'utf8').catch((error: unknown) => {
    throw new UsageError(`--key-file cannot be read: ${tellError(error)}`);
  });
  for (const url of urls) {
    await insistOnAnswer(url);
    await insistOnKey(url, key.trim());
  }
  if (databaseUrl !== undefined) await insistOnSchema(databaseUrl);
  return key.trim();
}

const ANSWERS_WITHIN_MS = 5_000;

async function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
  const answer = await fetch(url, { headers: { ...headers }, signal }).catch((error: unknown) => {
    throw new Error(`no response from ${new URL(url).origin}: ${tellError(error)}`);
  });
  await answer.body?.cancel();
  return answer;
}

async function insistOnAnswer(url: string): Promise<void> {
  const answer = await ask(`${url}/readyz`);
  if (!answer.ok) throw new Error(`${url} is not ready: /readyz returned ${answer.status}`);
}

async function insistOnKey(url: string, key: string): Promise<void> {
  // A value that is invalid in a header is not a key, and the error of `fetch` would contain it.
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new UsageError('--key-file contains no key: a key is one line of printable ASCII');
  const { status } = await ask(`${url}/v1/projects?limit=1`, { Authorization: `Bearer ${key}` });
  if (status === 401 || status === 403)
    throw new UsageError(`--key-file: ${url} rejects the key (${status}); it must read, write and replace sessions`);
}

/** PostgreSQL's error code for a missing table. */
const NO_TABLE = '42P01';

async function insistOnSchema(databaseUrl: string): Promise<void> {
  try {
    await runAdminStatement(databaseUrl, 'select from sessions, slots limit 0');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === NO_TABLE;
    const why = isMissing ? 'the database has no phaselock schema' : `cannot be queried: ${tellError(error)}`;
    throw new UsageError(`--database-url: ${why}`);
  }
}
