import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { findProgram, temporaryDirectory } from '@phaselock/testkit';
import { openProduct, type Product } from '../product/open-product.ts';
import { putLoadOn } from '../product/put-load-on.ts';
import { watchProduct } from '../product/watch-product.ts';
import { stageAFault } from './stage-a-fault.ts';

const SCRIPT = resolve(import.meta.dirname, '../../../loadtests/scenarios/mixed.ts');
const USERS = 16;

/** Starts the product, a Prometheus and a load, causes faults, and calls `seen` with the address of the Prometheus. */
export async function runSelf(
  seconds: number,
  tell: (what: string) => void,
  seen: (prometheusUrl: string) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryDirectory();
  await using product = await openProduct(folder.path);
  await using prometheus = await watchProduct(product);
  {
    await using load = putLoad(product, seconds);
    await stageAFault(product, seconds, tell);
    load.check();
    await seen(prometheus.url);
  }
}

/** Uses k6 if it is installed, else a load in this process. */
function putLoad(product: Product, seconds: number): Load {
  if (findProgram(['k6'], process.env) !== undefined) return startK6(product, seconds);
  const load = putLoadOn(product, { users: USERS, pauseMs: 200 });
  return { check: () => undefined, [Symbol.asyncDispose]: () => load[Symbol.asyncDispose]() };
}

type Load = AsyncDisposable & {
  /** Throws if the load has ended by itself. */
  check(): void;
};

function startK6({ urls, key }: Product, seconds: number): Load {
  const k6 = spawn('k6', ['run', '--no-usage-report', '--quiet', SCRIPT], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      PHASELOCK_URLS: urls.join(),
      PHASELOCK_API_KEY: key,
      LOAD_USERS: String(USERS),
      // The rollout selects users by name, so the requests must carry user names.
      LOAD_NAME_USERS: '1',
      // Long enough for the pictures, which are taken under load. Then the load is ended.
      LOAD_DURATION_S: String(Math.ceil(seconds + 300)),
    },
  });
  const ended = once(k6, 'close');
  let said = '';
  k6.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-2_000);
  });
  return {
    check: () => {
      if (k6.exitCode !== null) throw new Error(`k6 ended with ${k6.exitCode}: ${said}`);
    },
    [Symbol.asyncDispose]: async () => {
      k6.kill('SIGINT');
      await ended;
    },
  };
}
