import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ServerAccount } from './server-account.ts';

const EXECUTE = 1;
const READ = 4;

/** Whether the account can enter this directory and all its parents. */
export async function canEnter(directory: string, account: ServerAccount): Promise<boolean> {
  if (account === undefined) return true;
  for (let step = await realpath(directory); ; step = dirname(step)) {
    if (!(await isAllowed(step, account, EXECUTE))) return false;
    if (step === dirname(step)) return true;
  }
}

/** Whether the account can reach and execute this program. */
export async function canRun(program: string, account: ServerAccount): Promise<boolean> {
  if (account === undefined)
    return access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
  return (await isAllowed(program, account, EXECUTE)) && (await canEnter(dirname(program), account));
}

/** Whether the account can reach and read this file. */
export async function canRead(file: string, account: ServerAccount): Promise<boolean> {
  if (account === undefined) return true;
  return (await isAllowed(file, account, READ)) && (await canEnter(dirname(file), account));
}

async function isAllowed(path: string, account: NonNullable<ServerAccount>, bit: number): Promise<boolean> {
  const { mode, uid, gid } = await stat(path);
  if (uid === account.uid) return (mode & (bit << 6)) !== 0;
  if (gid === account.gid) return (mode & (bit << 3)) !== 0;
  return (mode & bit) !== 0;
}
