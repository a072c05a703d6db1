import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { eventually } from '@phaselock/testkit';
import { startChild } from '../../../../chaos/world/child.ts';

export type AlertmanagerAvailability =
  | { readonly kind: 'binary'; readonly path: string }
  | { readonly kind: 'none'; readonly reason: string };

const NAMES = ['prometheus-alertmanager', 'alertmanager'];

/** On the PATH, under the name Debian gives it or its own. In CI not having it is a failure, not a reason to skip. */
export function alertmanagerAvailable(env: NodeJS.ProcessEnv = process.env): AlertmanagerAvailability {
  const { PATH: path = '', CI: ci } = env;
  const binary = path
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
  if (binary !== undefined) return { kind: 'binary', path: binary };
  const reason = `no ${NAMES.join(' or ')} on the PATH`;
  if (ci === 'true') throw new Error(`The faults cannot be shown: ${reason}.`);
  return { kind: 'none', reason };
}

export type Alertmanager = AsyncDisposable & { readonly address: string };

/** A real Alertmanager of the caller's own on loopback, with this configuration. */
export async function startAlertmanager(folder: string, config: string, port: number): Promise<Alertmanager> {
  const available = alertmanagerAvailable();
  if (available.kind === 'none') throw new Error(available.reason);
  await mkdir(join(folder, 'alertmanager'), { recursive: true });
  const file = join(folder, 'alertmanager.yml');
  await writeFile(file, config);
  const log = join(folder, 'alertmanager.log');
  const child = startChild(
    available.path,
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.external-url=http://127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--log.level=debug',
    ],
    { log },
  );
  const end = async () => {
    child.signal('SIGKILL');
    await child.exited;
  };
  try {
    await eventually(
      async () => {
        if (!child.running()) throw new Error(`Alertmanager ended; see ${log}`);
        return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
      },
      { withinMs: 30_000, everyMs: 50 },
    );
  } catch (error) {
    await end();
    throw error;
  }
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: end };
}
