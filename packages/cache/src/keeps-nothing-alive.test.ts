import { getActiveResourcesInfo } from 'node:process';
import { expect, it } from 'vitest';
import { createPulse } from './pulse.ts';
import { unrefSleep } from './retry-with-backoff.ts';
import { withinTime } from './within-time.ts';

const timers = (): number => getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

it('no timer of the cache keeps the process alive', () => {
  const before = timers();
  const stopping = new AbortController();
  const never = new Promise<void>(() => {});
  const pulse = createPulse({
    now: () => 0,
    send: () => never,
    onRecovered: () => {},
    onLost: () => {},
    heal: () => {},
  });
  void withinTime(never, 60_000).catch(() => undefined);
  void unrefSleep(60_000, stopping.signal);
  expect(timers()).toBe(before);
  pulse[Symbol.dispose]();
  stopping.abort();
});
