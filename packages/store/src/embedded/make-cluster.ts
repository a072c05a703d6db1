import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DataDirectory, openSharedDirectory } from './data-directory.ts';
import { canEnter } from './path-access.ts';
import { runProgram } from './run-program.ts';
import { isRoot, type ServerAccount } from './server-account.ts';
import { choosePassword } from './server-password.ts';

const DRAFT = '.draft-';

type Making = {
  readonly home: DataDirectory;
  readonly initdb: string;
  readonly account: ServerAccount;
  readonly durable: boolean;
};

/**
 * Creates a cluster in a draft directory and renames it at the end, so that an interrupted initdb only leaves a draft.
 * Drafts have random names, because an orphaned initdb may still be writing to an older one.
 */
export async function makeCluster(making: Making): Promise<void> {
  const { home, account } = making;
  const inPlace = await canEnter(home.path, account);
  const name = inPlace ? home.cluster : await sharedName(home);
  const id = randomBytes(6).toString('hex');
  const draft = `${name}${DRAFT}${id}`;
  await initialise(making, draft);
  // Removes a dangling link, whose target was deleted.
  await rm(home.cluster, { force: true });
  if (inPlace) await rename(join(draft, 'cluster'), home.cluster);
  else {
    // A new name, because an older cluster with this digest may belong to a data directory that was moved.
    const moved = `${name}-${id}`;
    await rename(join(draft, 'cluster'), moved);
    await symlink(moved, home.cluster);
  }
  await rm(draft, { recursive: true, force: true });
}

async function initialise({ home, initdb, account, durable }: Making, draft: string): Promise<void> {
  const passwordFile = join(draft, 'password');
  await mkdir(draft);
  await chmod(draft, 0o700);
  await writeFile(passwordFile, await choosePassword(home.password), { mode: 0o600 });
  if (account !== undefined) {
    await chown(draft, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  const options = [
    ...[
      '--pgdata',
      join(draft, 'cluster'),
      '--username',
      'postgres',
      '--pwfile',
      passwordFile,
      '--auth',
      'scram-sha-256',
    ],
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...['--no-instructions', ...(durable ? [] : ['--no-sync'])],
  ];
  await runProgram(initdb, options, draft, account);
}

async function sharedName(home: DataDirectory): Promise<string> {
  const digest = createHash('sha256').update(home.path).digest('hex').slice(0, 16);
  return join(await openSharedDirectory(), digest);
}

/**
 * Deletes drafts of interrupted attempts. Errors are ignored, because an orphaned initdb may still add files; the next
 * start retries.
 */
export async function removeDrafts(home: DataDirectory): Promise<void> {
  await removeDraftsOf(home.cluster);
  if (isRoot()) await removeDraftsOf(await sharedName(home));
}

async function removeDraftsOf(name: string): Promise<void> {
  const directory = dirname(name);
  const drafts = (await readdir(directory))
    .map((entry) => join(directory, entry))
    .filter((entry) => entry.startsWith(name + DRAFT));
  for (const draft of drafts) await rm(draft, { recursive: true, force: true }).catch(() => undefined);
}
