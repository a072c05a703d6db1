import { expect, it } from 'vitest';
import { recorded } from '../test/bus-contract.ts';
import { sampleInvalidation } from '../test/sample-slots.ts';
import { createMemoryChannel } from './memory-bus.ts';

it('a memory channel delivers each change to every joined bus until it leaves', async () => {
  const channel = createMemoryChannel();
  const [one, two] = [recorded(channel.join('first')), recorded(channel.join('second'))];
  await one.bus.publish(sampleInvalidation(1));
  await two.bus[Symbol.asyncDispose]();
  await one.bus.publish(sampleInvalidation(2));
  expect(one.heard.map(({ origin, invalidation }) => [origin, invalidation.version])).toEqual([
    ['first', 1],
    ['first', 2],
  ]);
  expect(two.heard).toHaveLength(1);
  expect([one.bus.healthy(), one.resets()]).toEqual([true, 0]);
});
