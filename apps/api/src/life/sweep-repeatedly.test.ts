import { eventually } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { sweepRepeatedly } from './sweep-repeatedly.ts';

test('logs a lasting failure once, and again only after a successful sweep', async () => {
  const outcomes = ['fails', 'fails', 'fails', 'works', 'fails', 'fails'];
  const said: string[] = [];
  let begun = 0;
  const sweep = async (): Promise<void> => {
    const outcome = outcomes[begun];
    begun += 1;
    if (outcome === 'fails') throw new Error('database away');
  };
  const logger = { warn: (_fields: object, message: string) => void said.push(message) };
  await using _sweeping = sweepRepeatedly({ sweep, everyMs: 1, failure: 'not swept' }, logger);
  await eventually(() => begun > outcomes.length);
  expect(said).toEqual(['not swept', 'not swept']);
});

test('goes on after a failure, runs one sweep at a time and stops when disposed', async () => {
  const seen = { begun: 0, running: 0, most: 0 };
  const sweep = async (): Promise<void> => {
    seen.begun += 1;
    seen.running += 1;
    seen.most = Math.max(seen.most, seen.running);
    await new Promise(setImmediate);
    seen.running -= 1;
    if (seen.begun === 1) throw new Error('database away');
  };
  const sweeping = sweepRepeatedly({ sweep, everyMs: 1, failure: 'not swept' }, { warn: () => undefined });
  await eventually(() => seen.begun > 5);
  await sweeping[Symbol.asyncDispose]();
  expect(seen).toMatchObject({ running: 0, most: 1 });
});
