import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@phaselock/testkit';
import { childrenOf } from '../../apps/api/test/shared-data.ts';

/** `pids` are its processes, whose CPU time is measured. */
type Nginx = AsyncDisposable & { readonly url: string; readonly pids: readonly number[] };

/**
 * The settings of ops/compose/nginx.conf, without those for event streams and failover. All files are in a separate
 * folder, so that an nginx of the system is not touched.
 */
const configuration = (folder: string, port: number, servers: readonly string[]): string => `
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes auto;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000;
  upstream phaselock {
    ${servers.map((url) => `server ${new URL(url).host} max_fails=0;`).join('\n    ')}
    keepalive 64;
    keepalive_requests 1000000;
    keepalive_timeout 55s;
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 5m;
    location / {
      proxy_pass http://phaselock;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Connection "";
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`;

/** Starts nginx on loopback as load balancer of the servers, given by their URLs; it stops when disposed of. */
export async function startNginx(program: string, servers: readonly string[]): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-nginx-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, port, servers));
  const child = spawn(program, ['-p', folder, '-e', join(folder, 'error.log'), '-c', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  const isUp = async (): Promise<boolean> => (await fetch(`${url}/healthz`).catch(() => undefined))?.ok ?? false;
  await eventually(isUp);
  return {
    url,
    pids: [child.pid ?? 0, ...(await childrenOf(child.pid ?? 0))],
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
