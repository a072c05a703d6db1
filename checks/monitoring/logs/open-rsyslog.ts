import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type OwnProcess, ownProcess } from './own-process.ts';

const CONFIG = resolve(import.meta.dirname, '../../../ops/elk/rsyslog.conf');

type Shipping = {
  /** The folder into which fetch-tools.sh has unpacked rsyslog. */
  readonly root: string;
  /** The folder of the log files. */
  readonly logs: string;
  /** The folder for the configuration and the queues of rsyslog. */
  readonly folder: string;
  readonly port: number;
};

/** Starts Debian's rsyslog with ops/elk/rsyslog.conf, in which only paths and the server port are replaced. */
export async function openRsyslog({ root, logs, folder, port }: Shipping): Promise<OwnProcess> {
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  const [config, spool] = [join(folder, 'rsyslog.conf'), join(folder, 'spool')];
  await mkdir(spool, { recursive: true });
  const shipped = await readFile(CONFIG, 'utf8');
  await writeFile(
    config,
    shipped
      .replaceAll('/var/log/phaselock', logs)
      .replaceAll('/var/spool/phaselock-rsyslog', spool)
      .replaceAll('serverport="9200"', `serverport="${port}"`),
  );
  return ownProcess(join(root, 'usr/sbin/rsyslogd'), {
    args: ['-n', '-M', join(libraries, 'rsyslog'), '-f', config, '-i', join(folder, 'pid')],
    env: { LD_LIBRARY_PATH: libraries },
    output: join(folder, 'output.txt'),
  });
}
