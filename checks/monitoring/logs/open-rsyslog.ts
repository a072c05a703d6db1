import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type OwnProcess, ownProcess } from './own-process.ts';

const CONFIG = resolve(import.meta.dirname, '../../../ops/elk/rsyslog.conf');

type Shipping = {
  /** What fetch-tools.sh has unpacked. */
  readonly root: string;
  /** Of the log files. */
  readonly logs: string;
  /** What rsyslog keeps to itself. */
  readonly folder: string;
  readonly port: number;
};

/** The rsyslog of Debian with ops/elk/rsyslog.conf: only its paths and the port of the server are others. */
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
