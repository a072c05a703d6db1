import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@phaselock/testkit';
import type { RecordingLine } from '../src/prometheus/recording.ts';

/** Whether a real Prometheus is installed; on CI it must be. */
export const hasPrometheus = ['prometheus', 'promtool'].every(
  (tool) => spawnSync(tool, ['--version']).error === undefined,
);

/** Starts a real Prometheus on loopback with these series in its storage. It ends with `owned`. */
export async function prometheusWith(lines: readonly RecordingLine[], owned: AsyncDisposableStack): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'phaselock-prometheus-'));
  const [metrics, config, data] = ['metrics.txt', 'prometheus.yml', 'data'].map((name) => join(folder, name));
  if (metrics === undefined || config === undefined || data === undefined) throw new Error('no folder');
  writeFileSync(metrics, openMetrics(lines));
  writeFileSync(config, 'scrape_configs: []\n');
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', metrics, data], { stdio: 'pipe' });
  const port = await freePort();
  const server = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--storage.tsdb.retention.time=50y',
    ],
    { stdio: 'ignore' },
  );
  owned.defer(async () => {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => (await fetch(`${url}/-/ready`)).ok, { withinMs: 30_000, everyMs: 50 });
  return url;
}

/** The series in the OpenMetrics format that promtool imports. */
function openMetrics(lines: readonly RecordingLine[]): string {
  const series = lines.flatMap((line) => (line.kind === 'series' ? [line] : []));
  const written = series.flatMap(({ labels: { __name__: name = '', ...labels }, samples }) => {
    const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return samples.map(([at, value]) => `${name}{${text.join(',')}} ${value} ${at / 1_000}`);
  });
  return `${written.join('\n')}\n# EOF\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
