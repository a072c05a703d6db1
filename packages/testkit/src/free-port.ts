import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range from which Linux takes ports for outgoing connections and for servers that do not choose one (32768
 * and above), so that no such port is taken between the choice and the use of this one.
 */
const [LOWEST, HIGHEST] = [11_000, 32_000];
const TRIES = 100;

/** Returns a loopback port that is free at this moment, as are the `following` ports after it. */
export async function freePort(following = 0): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = randomInt(LOWEST, HIGHEST - following);
    const range = Array.from({ length: following + 1 }, (_, index) => port + index);
    if ((await Promise.all(range.map(isFree))).every(Boolean)) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} in ${TRIES} tries`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}
