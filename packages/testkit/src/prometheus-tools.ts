import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endChild } from './end-child.ts';
import { eventually } from './eventually.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export type PrometheusAvailability =
  | { readonly kind: 'binaries'; readonly prometheus: string; readonly promtool: string }
  | { readonly kind: 'none'; readonly reason: string };

/** Finds `prometheus` and `promtool` on the PATH. In CI a missing program is an error, not a reason to skip. */
export function prometheusAvailable(env: NodeJS.ProcessEnv = process.env): PrometheusAvailability {
  const [prometheus, promtool] = [findProgram(['prometheus'], env), findProgram(['promtool'], env)];
  if (prometheus !== undefined && promtool !== undefined) return { kind: 'binaries', prometheus, promtool };
  const reason = 'no prometheus and promtool on the PATH';
  if (env.CI === 'true') throw new Error(`The tests of metrics cannot run: ${reason}.`);
  return { kind: 'none', reason };
}

function binaries(): PrometheusAvailability & { readonly kind: 'binaries' } {
  const available = prometheusAvailable();
  if (available.kind === 'none') throw new Error(`Prometheus cannot be started: ${available.reason}.`);
  return available;
}

/** Runs `promtool check metrics` on the metrics page of a program. */
export async function checkMetrics(text: string): Promise<{ readonly code: number; readonly said: string }> {
  const child = spawn(binaries().promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.end(text);
  const [code] = await once(child, 'close');
  return { code, said };
}

export type PrometheusServer = AsyncDisposable & {
  readonly url: string;
  /** Requests a path of its HTTP API and returns the `data` of the response. */
  ask(path: string): Promise<unknown>;
};

type PrometheusOptions = {
  readonly bearer?: string;
  readonly job?: string;
  /** URLs of other programs that it scrapes, by job name. */
  readonly beside?: Readonly<Record<string, readonly string[]>>;
  /** Rule files, evaluated every second unless they set another interval. */
  readonly rules?: readonly string[];
  /**
   * Data folder and port of an earlier instance that this one replaces. Default: a temporary folder and a free port.
   */
  readonly path?: string;
  readonly port?: number;
};

/** Starts a separate Prometheus on loopback, which scrapes these programs every second and stores their exemplars. */
export async function startPrometheus(
  targets: readonly string[],
  { bearer, job: name = 'phaselock', beside = {}, rules = [], ...at }: PrometheusOptions = {},
): Promise<PrometheusServer> {
  await using resources = new AsyncDisposableStack();
  const path = at.path ?? resources.use(await temporaryDirectory()).path;
  const authorization = bearer === undefined ? {} : { authorization: { credentials: bearer } };
  const scrapes = Object.entries({ [name]: targets, ...beside }).map(([job, urls]) => ({
    job_name: job,
    static_configs: [{ targets: urls.map((url) => new URL(url).host) }],
    ...authorization,
  }));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: rules,
    scrape_configs: scrapes,
  };
  const server = resources.use(await runPrometheus({ config, path, ...(at.port !== undefined && { port: at.port }) }));
  const owned = resources.move();
  return { ...server, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type RunOptions = {
  readonly config: object;
  /** Folder of its samples and its log. */
  readonly path: string;
  readonly port?: number;
  readonly args?: readonly string[];
};

/** Starts a separate Prometheus on loopback with this configuration. */
export async function runPrometheus({ config, path, args = [], ...at }: RunOptions): Promise<PrometheusServer> {
  const { prometheus } = binaries();
  const file = join(path, 'prometheus.yml');
  // Every JSON document is also valid YAML.
  await writeFile(file, JSON.stringify(config));
  const port = at.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  await using resources = new AsyncDisposableStack();
  const logFile = join(path, 'prometheus.log');
  const log = await open(logFile, 'a');
  resources.defer(() => log.close());
  const child = spawn(
    prometheus,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.external-url=${url}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
      ...args,
    ],
    { stdio: ['ignore', log.fd, log.fd] },
  );
  resources.defer(() => endChild(child));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  resources.defer(() => void process.off('exit', kill));
  const started = await eventually(
    async () => {
      if (child.exitCode !== null) return 'ended';
      return (await fetch(`${url}/-/ready`)).ok && 'ready';
    },
    { withinMs: 30_000 },
  );
  if (started === 'ended')
    throw new Error(`Prometheus ended with ${child.exitCode}: ${await readFile(logFile, 'utf8')}`);
  const owned = resources.move();
  return {
    url,
    ask: async (asked) => {
      const answer: unknown = await (await fetch(`${url}${asked}`)).json();
      return typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : undefined;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
