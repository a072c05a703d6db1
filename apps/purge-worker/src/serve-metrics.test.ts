import { once } from 'node:events';
import { request } from 'node:http';
import { createArchiveTelemetry } from '@phaselock/telemetry';
import { expect, test } from 'vitest';
import { serveMetrics } from './serve-metrics.ts';

const telemetry = createArchiveTelemetry(async () => ({ deadLetters: 0, backlog: 0, lastSuccess: undefined }));

async function ask(url: string, path: string, host?: string): Promise<number | undefined> {
  const asked = request(url, { path, ...(host !== undefined && { headers: { Host: host } }) }).end();
  const [response] = await once(asked, 'response');
  response.resume();
  return response.statusCode;
}

test('the programs of this machine read the numbers, and nobody under another name', async () => {
  await using metrics = await serveMetrics(telemetry, 0);
  for (const host of ['localhost:4702', '127.0.0.1', '[::1]:9'])
    expect(await ask(metrics.url, '/metrics', host)).toBe(200);
  for (const host of ['rebound.example', 'localhost.rebound.example', '127.0.0.1.example'])
    for (const path of ['/metrics', '/healthz', '/nothing'])
      expect([host, path, await ask(metrics.url, path, host)]).toEqual([host, path, 403]);
});

test('a path that is no address is not found, and the worker goes on', async () => {
  await using metrics = await serveMetrics(telemetry, 0);
  for (const path of ['//', '//:', '/\\', '*', 'http://[', '/?'])
    expect([path, await ask(metrics.url, path)]).toEqual([path, 404]);
  expect(await ask(metrics.url, '/healthz?')).toBe(200);
});
