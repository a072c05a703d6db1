import { expect, test } from 'vitest';
import { openPagerDuty, type PagerDuty } from './pager-duty.ts';

const KEY = 'a-routing-key';
const about = { summary: 'it is down', source: 'a', severity: 'critical', class: 'X', custom_details: { firing: 'a' } };
const trigger = { routing_key: KEY, event_action: 'trigger', dedup_key: 'one', payload: about };
const resolve = { routing_key: KEY, event_action: 'resolve', dedup_key: 'one' };

async function send({ url }: PagerDuty, event: object): Promise<number> {
  return (await fetch(url, { method: 'POST', body: JSON.stringify(event) })).status;
}

test('the first trigger of an incident returns 429, the next 202, and a resolve closes the incident', async () => {
  await using pagerDuty = await openPagerDuty(KEY);
  expect(await send(pagerDuty, trigger)).toBe(429);
  expect(await send(pagerDuty, trigger)).toBe(202);
  expect(await send(pagerDuty, trigger)).toBe(202);
  expect(pagerDuty.incidents()).toMatchObject([{ key: 'one', isOpen: true, turnedAway: 1, resolves: 0 }]);
  expect(await send(pagerDuty, resolve)).toBe(202);
  expect(pagerDuty.incidents()).toMatchObject([{ key: 'one', isOpen: false, turnedAway: 1, resolves: 1 }]);
});

test('the first trigger after a resolve returns 429 again', async () => {
  await using pagerDuty = await openPagerDuty(KEY);
  for (const event of [trigger, trigger, resolve]) await send(pagerDuty, event);
  expect(await send(pagerDuty, trigger)).toBe(429);
  expect(await send(pagerDuty, trigger)).toBe(202);
  expect(pagerDuty.incidents()).toMatchObject([{ isOpen: true, turnedAway: 2, resolves: 1 }]);
});

test.each([
  ['another routing_key', { ...trigger, routing_key: 'b' }],
  ['no dedup_key', { ...trigger, dedup_key: undefined }],
  ['no summary', { ...trigger, payload: { ...about, summary: '' } }],
  ['an unknown severity', { ...trigger, payload: { ...about, severity: 'page' } }],
  ['no payload', { ...trigger, payload: undefined }],
])('an event with %s returns 400', async (_, event) => {
  await using pagerDuty = await openPagerDuty(KEY);
  expect(await send(pagerDuty, event)).toBe(400);
  expect(pagerDuty.mistakes()).toHaveLength(1);
  expect(pagerDuty.incidents()).toEqual([]);
});
