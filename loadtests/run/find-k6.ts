import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { findProgram } from '@phaselock/testkit';

export type K6 = { readonly path: string; readonly version: string };

const TOOL = resolve(import.meta.dirname, '../tool');
const MAJOR = '2';
/** The default folder of Go's release archive, which is often not on the PATH. */
const GO_UNPACKED = ['/usr/local/go/bin'];

/** No usable k6; the message states what to do. */
export class NoK6 extends Error {
  override readonly name = 'NoK6';
}

type Places = {
  readonly env: NodeJS.ProcessEnv;
  readonly home?: string;
  /** Further folders in which to look for Go. */
  readonly go?: readonly string[];
  readonly say: (line: string) => void;
};

/** Returns the k6 on the PATH, else the one installed by Go, else builds the pinned version once and keeps it. */
export async function findK6({ env, home = homedir(), go = GO_UNPACKED, say }: Places): Promise<K6> {
  const installed = [findProgram(['k6'], env), join(home, 'go/bin/k6')];
  for (const path of installed) {
    if (path === undefined || !existsSync(path)) continue;
    const version = versionOf(path);
    if (version?.startsWith(`${MAJOR}.`)) return { path, version };
    say(
      `${path} is not used: it is ${version === undefined ? 'not a k6 that runs' : `k6 ${version}`}, not k6 ${MAJOR}`,
    );
  }
  const cache = join(env.XDG_CACHE_HOME || join(home, '.cache'), 'phaselock');
  const pinned = createHash('sha256')
    .update(await readFile(join(TOOL, 'go.sum')))
    .digest('hex')
    .slice(0, 12);
  const path = join(cache, `k6-${pinned}`);
  if (!existsSync(path)) await build(path, cache, { env, home, go, say });
  const version = versionOf(path);
  if (version === undefined) throw new NoK6(`${path} does not run. Delete it to build it again`);
  return { path, version };
}

async function build(path: string, cache: string, { env, home, go: folders, say }: Required<Places>): Promise<void> {
  const go = findProgram(['go'], { PATH: [env.PATH ?? '', ...folders].join(delimiter) });
  if (go === undefined)
    throw new NoK6(
      `neither k6 ${MAJOR} nor Go is on the PATH. Install k6 (https://k6.io), or Go to build it from loadtests/tool`,
    );
  await mkdir(cache, { recursive: true });
  say(`building k6 from loadtests/tool into ${path}, once; it takes some minutes`);
  const draft = `${path}.${process.pid}`;
  const args = ['build', '-mod=readonly', '-buildvcs=false', '-o', draft, 'go.k6.io/k6/v2'];
  const child = spawn(go, args, { cwd: TOOL, env: { HOME: home, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-2_000);
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const [code] = await once(child, 'close');
  process.off('exit', kill);
  if (code !== 0) throw new NoK6(`k6 could not be built from loadtests/tool: ${said.trim()}`);
  await rename(draft, path);
}

/** `k6 version` begins with the name of its own file, whatever that is. */
function versionOf(path: string): string | undefined {
  const { status, stdout } = spawnSync(path, ['version'], { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? /^\S+ v(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] : undefined;
}
