import { setTimeout as pause } from 'node:timers/promises';
import type { Product } from '../product/open-product.ts';

const SLOW_MS = 60;

/**
 * The load goes on while, one after the other: more users get the rule, PostgreSQL is slow for a while, and one API is killed and comes back. Each
 * part takes its share of the time, and there is quiet between.
 */
export async function stageAFault(product: Product, seconds: number, tell: (what: string) => void): Promise<void> {
  const wait = (share: number) => pause(seconds * share * 1_000);
  await product.setShare(25);
  tell('the rule applies to 25 % of users');
  await wait(0.2);
  await product.setShare(50);
  tell('the rule applies to 50 % of users');
  await wait(0.15);
  for (const back of product.backs) back.set({ kind: 'delay', ms: SLOW_MS });
  tell(`PostgreSQL answers ${2 * SLOW_MS} ms later`);
  await wait(0.2);
  for (const back of product.backs) back.set({ kind: 'pass' });
  tell('PostgreSQL is as it was');
  await wait(0.15);
  const [, second] = product.apis;
  await second?.end('SIGKILL');
  tell('one API is killed');
  await wait(0.1);
  // A busy machine may need more than one try, as a supervisor would make.
  await second?.start().catch(() => second.start());
  tell('it is back');
  await product.audit();
  await wait(0.2);
}
