import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { endChild } from './end-child.ts';
import { eventually } from './eventually.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export type AlertmanagerAvailability =
  | { readonly kind: 'binaries'; readonly alertmanager: string; readonly amtool: string }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Finds Alertmanager (Debian names it `prometheus-alertmanager`) and amtool on the PATH. In CI a missing program is an
 * error, not a reason to skip.
 */
export function alertmanagerAvailable(env: NodeJS.ProcessEnv = process.env): AlertmanagerAvailability {
  const alertmanager = findProgram(['alertmanager', 'prometheus-alertmanager'], env);
  const amtool = findProgram(['amtool'], env);
  if (alertmanager !== undefined && amtool !== undefined) return { kind: 'binaries', alertmanager, amtool };
  const reason = 'no alertmanager and amtool on the PATH';
  if (env.CI === 'true') throw new Error(`The tests of alerts cannot run: ${reason}.`);
  return { kind: 'none', reason };
}

export type AlertmanagerServer = AsyncDisposable & {
  readonly url: string;
  /** The JSON response of its API at a path such as `/api/v2/alerts`. */
  ask(path: string): Promise<unknown>;
};

type AlertmanagerOptions = {
  /** The configuration file. Alertmanager resolves the file names in it relative to its folder. */
  readonly config: string;
  /**
   * State folder and port of an earlier instance that this one replaces. Default: a temporary folder and a free port.
   */
  readonly path?: string;
  readonly port?: number;
};

/**
 * Starts a separate Alertmanager on loopback, without clustering. If it rejects its configuration, the error contains
 * its output.
 */
export async function startAlertmanager({ config, ...at }: AlertmanagerOptions): Promise<AlertmanagerServer> {
  const available = alertmanagerAvailable();
  if (available.kind === 'none') throw new Error(`Alertmanager cannot be started: ${available.reason}.`);
  await using resources = new AsyncDisposableStack();
  const path = at.path ?? resources.use(await temporaryDirectory()).path;
  const port = at.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    available.alertmanager,
    [
      `--config.file=${config}`,
      `--storage.path=${join(path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.external-url=${url}`,
      '--cluster.listen-address=',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
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
  if (started === 'ended') throw new Error(`Alertmanager ended with ${child.exitCode}: ${said}`);
  const owned = resources.move();
  return {
    url,
    ask: async (asked) => await (await fetch(`${url}${asked}`)).json(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
