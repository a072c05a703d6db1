import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApi, type TestApi } from '../open-test-api.ts';
import { sendOverTheWire } from '../over-the-wire.ts';

/** The server's limit for headers, minus those that every request has. */
const LONGEST = 15_900;
const REQUESTS = 40;
/** Other work of the process or machine only adds time, so the minimum of several rounds is used. */
const ROUNDS = 12;
/**
 * A longer path costs more to parse, route, shorten and log. The defects found by this test cost more than a hundred
 * plain requests.
 */
const AT_MOST = 6;

let api: TestApi;
const written: string[] = [];

beforeAll(async () => {
  api = await openTestApi({}, undefined, (line) => void written.push(line));
  // The first requests also load and compile code.
  await microsecondsOf('/v1/nothing-here');
});
afterAll(() => api[Symbol.asyncDispose]());

async function microsecondsOf(path: string): Promise<number> {
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  const before = process.cpuUsage();
  for (let sent = 0; sent < REQUESTS; sent += 1)
    expect([401, 404]).toContain((await sendOverTheWire(api.api.url, [request])).status);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

/**
 * The cost of a request with this path in plain requests. Measures both in turn until the ratio is within the limit or
 * the rounds are used up.
 */
async function plainRequestsOf(path: string): Promise<number> {
  let [plain, long] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS && !(long / plain < AT_MOST); round += 1) {
    plain = Math.min(plain, await microsecondsOf('/v1/nothing-here'));
    long = Math.min(long, await microsecondsOf(path));
  }
  return long / plain;
}

test.each([
  'a',
  '.',
  '/',
  '%61',
  'http://',
  '://x:',
  'a://:',
  'x://@',
  'eyJ-',
  '-eyJaaaaaaaa.',
  'authorization:',
  'bearer%20',
  'password=',
  'token',
  '-plk_',
  'sk-',
])('a path of repeated %j without a key costs little more than a plain path', async (unit) => {
  const path = `/v1/nothing-here/${unit.repeat(Math.floor((LONGEST - 20) / unit.length))}`;
  const line = written.length;
  expect(await plainRequestsOf(path)).toBeLessThan(AT_MOST);
  expect(Math.max(...written.slice(line).map(({ length }) => length))).toBeLessThan(2_500);
});

test.each([
  ['an error page', '/errors/', 'a'],
  ['an id', '/v1/sessions/', 'a'],
  ['an id with dots', '/v1/tasks/', '.'],
  ['encoded slashes', '/v1/archives/', '%2F'],
  ['a query', '/v1/sessions?', 'a=1&'],
  ['brackets in a query', '/v1/sessions?', 'a[b]'],
])('%s of that length costs little more than a plain path', async (_, before, unit) => {
  const path = `${before}${unit.repeat(Math.floor((LONGEST - before.length) / unit.length))}`;
  expect(await plainRequestsOf(path)).toBeLessThan(AT_MOST);
});
