import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { wayOut } from './way-out.ts';

const run = promisify(execFile);

/** The system user the server runs as. Undefined: the one we are. */
export type ServerAccount = { readonly uid: number; readonly gid: number } | undefined;

/** PostgreSQL refuses to run as root, so root runs it as `postgres`, or as whoever owns the cluster already. */
export async function serverAccount(cluster: string | undefined): Promise<ServerAccount> {
  if (!isRoot()) return undefined;
  if (cluster !== undefined) {
    const owner = await stat(cluster);
    if (owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  }
  return (await findPostgres()) ?? (await createPostgres());
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function findPostgres(): Promise<ServerAccount> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function createPostgres(): Promise<ServerAccount> {
  const problem = await createUser().catch((error: unknown) => error);
  // Another process may have created it at the same moment.
  const account = await findPostgres();
  if (account !== undefined) return account;
  throw new Error(`PostgreSQL does not run as root, and a system user "postgres" could not be made. ${wayOut}`, {
    cause: problem,
  });
}

async function createUser(): Promise<void> {
  await run('groupadd', ['--system', '--force', 'postgres']);
  await run('useradd', [
    '--system',
    '--gid',
    'postgres',
    '--no-create-home',
    '--home-dir',
    '/var/lib/phaselock',
    '--shell',
    '/bin/false',
    'postgres',
  ]);
}
