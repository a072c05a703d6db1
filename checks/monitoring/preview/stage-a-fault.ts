import { setTimeout as pause } from 'node:timers/promises';
import type { Product } from '../product/open-product.ts';

const SLOW_MS = 60;

/**
 * Causes faults under load, so that the drawn dashboards show more than a healthy product: applies the single-session
 * rule to more users, then slows PostgreSQL down for a while, then kills one API and restarts it. Each part takes a
 * share of the given time, with pauses in between.
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
  tell('PostgreSQL answers without a delay again');
  await wait(0.15);
  const [, second] = product.apis;
  await second?.end('SIGKILL');
  tell('one API is killed');
  await wait(0.1);
  // On a busy machine the first start may fail. A supervisor would retry as well.
  await second?.start().catch(() => second.start());
  tell('the API is running again');
  await product.audit();
  await wait(0.2);
}
