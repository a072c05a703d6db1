import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { wayOut } from './way-out.ts';

const run = promisify(execFile);

/** The system user that the server runs as; undefined for the user of this process. */
export type ServerAccount = { readonly uid: number; readonly gid: number } | undefined;

/** PostgreSQL refuses to run as root, so root runs it as the owner of an existing cluster, or as `postgres`. */
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
  throw new Error(`PostgreSQL refuses to run as root, and the system user "postgres" could not be created. ${wayOut}`, {
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
