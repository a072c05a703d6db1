import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { findProgram, temporaryDirectory } from '@phaselock/testkit';
import { openProduct, type Product } from '../product/open-product.ts';
import { putLoadOn } from '../product/put-load-on.ts';
import { watchProduct } from '../product/watch-product.ts';
import { stageAFault } from './stage-a-fault.ts';

const SCRIPT = resolve(import.meta.dirname, '../../../loadtests/mixed.ts');
const USERS = 16;

/** The product, a Prometheus and a load, with faults in the middle; and then what is to be done with what was seen. */
export async function runSelf(
  seconds: number,
  tell: (what: string) => void,
  seen: (prometheusUrl: string) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryDirectory();
  await using product = await openProduct(folder.path);
  await using prometheus = await watchProduct(product, folder.path);
  {
    await using _load =
      findProgram(['k6'], process.env) === undefined
        ? putLoadOn(product, { users: USERS, pauseMs: 200 })
        : startK6(product, seconds, tell);
    await stageAFault(product, seconds, tell);
    await seen(prometheus.url);
  }
}

function startK6({ urls, key }: Product, seconds: number, tell: (what: string) => void): AsyncDisposable {
  const k6 = spawn('k6', ['run', '--no-usage-report', '--quiet', SCRIPT], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...process.env,
      PHASELOCK_URLS: urls.join(),
      PHASELOCK_API_KEY: key,
      USERS: String(USERS),
      // Pictures are taken while it goes on; it is ended then.
      DURATION: `${Math.ceil(seconds + 120)}s`,
    },
  });
  const ended = once(k6, 'close');
  k6.stdout.on('data', (said: Buffer) => tell(said.toString().trimEnd()));
  return {
    [Symbol.asyncDispose]: async () => {
      k6.kill('SIGINT');
      await ended;
    },
  };
}
