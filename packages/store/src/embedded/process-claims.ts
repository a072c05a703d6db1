import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BIRTH_UNKNOWN, processBirth } from './process-birth.ts';

/** An empty file whose name identifies the process that holds the claim. Claims of dead processes are ignored. */
export type Claim = { readonly name: string; readonly release: () => Promise<void> };

/** Creates a claim. Its name contains all data, so it appears atomically. */
export async function makeClaim(directory: string): Promise<Claim> {
  await mkdir(directory, { recursive: true });
  const birth = (await processBirth(process.pid)) ?? BIRTH_UNKNOWN;
  const name = `${process.pid}-${birth}-${randomBytes(6).toString('hex')}`;
  const path = join(directory, name);
  await writeFile(path, '', { flag: 'wx' });
  return { name, release: () => rm(path, { force: true }) };
}

/** Lists the claims of living processes, and removes those of dead ones. */
export async function liveClaims(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  const live: string[] = [];
  for (const name of names) {
    if (await isLive(name)) live.push(name);
    else await rm(join(directory, name), { force: true });
  }
  return live;
}

async function isLive(name: string): Promise<boolean> {
  const [pid, birth] = name.split('-');
  if (!Number.isSafeInteger(Number(pid)) || Number(pid) <= 0) return false;
  const current = await processBirth(Number(pid));
  if (current === undefined) return false;
  return current === birth || current === BIRTH_UNKNOWN || birth === BIRTH_UNKNOWN;
}
