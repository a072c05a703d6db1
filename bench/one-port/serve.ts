import cluster from 'node:cluster';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/**
 * Starts two processes behind one port in the requested way, prints the port and the pids, then responds with the pid
 * until it is killed.
 */
const [way = '', port = '0', role = 'first'] = process.argv.slice(2);
const WORKERS = 2;
const BODY = Buffer.alloc(1_024, 'x');
/** Takes about 0.2 ms, so that computing the response dominates the time, as it does in the API. */
const HASHES = 60;

function answer(): string {
  let hash = createHash('sha256').update(BODY).digest();
  for (let count = 0; count < HASHES; count += 1) hash = createHash('sha256').update(BODY).update(hash).digest();
  return JSON.stringify({ pid: process.pid, hash: hash.toString('hex') });
}

async function serve(listening: { port: number; host: string; reusePort?: boolean }): Promise<number> {
  const server = createServer((_request, response) => void response.end(answer()));
  server.listen(listening);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const host = '127.0.0.1';
if (role === 'other') {
  const bound = await serve({ port: Number(port), host, reusePort: way === 'reuse-port' });
  process.send?.({ bound });
  // Ends with the parent process, which may be killed.
  process.on('disconnect', () => process.exit(0));
} else {
  cluster.schedulingPolicy = way === 'shared-handle' ? cluster.SCHED_NONE : cluster.SCHED_RR;
  let bound = Number(port);
  const pids: number[] = [];
  for (let count = 0; count < WORKERS; count += 1) {
    if (way === 'one-process' && count > 0) break;
    const { fork } = await import('node:child_process');
    const file = fileURLToPath(import.meta.url);
    const args = (at: number): string[] => [way, String(at), 'other'];
    cluster.setupPrimary({ exec: file, args: args(0) });
    const child = way === 'reuse-port' || way === 'one-process' ? fork(file, args(bound)) : cluster.fork().process;
    const [told] = await once(child, 'message', { signal: AbortSignal.timeout(10_000) }).catch(() => [undefined]);
    if (typeof told === 'object' && told !== null && 'bound' in told) bound = Number(told.bound);
    pids.push(child.pid ?? 0);
  }
  console.log(JSON.stringify({ port: bound, pids }));
}
