import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { eventually } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { exportSpans } from './export-spans.ts';
import type { RequestSpan } from './request-span.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN: RequestSpan = {
  traceId: TRACE,
  spanId: '00f067aa0ba902b7',
  parentId: 'b7ad6b7169203331',
  method: 'POST',
  route: '/v1/sessions',
  operation: 'startSession',
  path: '/v1/sessions',
  status: 201,
  endedAtMs: 1_790_000_000_123.5,
  tookMs: 12.25,
  fields: { 'http.request.id': 'r1', 'phaselock.task_id': 't1', 'user.id': 'key:1' },
};

type Taken = { readonly url: string | undefined; readonly headers: IncomingMessage['headers']; readonly body: unknown };

/** Starts a collector on loopback that answers with the given function. */
async function collector(answer: (response: ServerResponse, call: number) => void) {
  const taken: Taken[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    taken.push({ url: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
    answer(response, taken.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    taken,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const ok = (response: ServerResponse): void => void response.setHeader('Content-Type', 'application/json').end('{}');

function exportTo(endpoint: string, everyMs = 5) {
  const counts = { exported: 0, dropped: 0 };
  const failures: unknown[] = [];
  const spans = exportSpans({
    endpoint,
    headers: { authorization: 'Bearer of-the-collector' },
    resource: { name: 'phaselock-api', version: '1.2.3', environment: 'test' },
    percent: 100,
    counted: (result, count) => {
      counts[result] += count;
    },
    failed: (error) => void failures.push(error),
    everyMs,
  });
  return { spans, counts, failures };
}

describe('exported spans', () => {
  test('arrive at the collector as OTLP JSON', async () => {
    await using there = await collector(ok);
    const { spans, counts } = exportTo(`${there.url}/`);
    spans.ended(SPAN);
    spans.ended({ ...SPAN, parentId: undefined, route: undefined, status: 503, path: '/v1/x?token=c4n4ry' });
    await spans[Symbol.asyncDispose]();
    expect(counts).toEqual({ exported: 2, dropped: 0 });
    const [{ url, headers, body } = { url: '', headers: {}, body: {} }] = there.taken;
    expect(url).toBe('/v1/traces');
    expect(headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer of-the-collector' });
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    expect(body).toEqual({
      resourceSpans: [
        {
          resource: {
            attributes: [
              text('service.name', 'phaselock-api'),
              text('service.version', '1.2.3'),
              text('deployment.environment.name', 'test'),
            ],
          },
          scopeSpans: [
            {
              scope: { name: 'phaselock', version: '1.2.3' },
              spans: [
                {
                  traceId: TRACE,
                  spanId: '00f067aa0ba902b7',
                  parentSpanId: 'b7ad6b7169203331',
                  name: 'POST /v1/sessions',
                  kind: 2,
                  startTimeUnixNano: '1790000000111250000',
                  endTimeUnixNano: '1790000000123500000',
                  attributes: [
                    text('http.request.method', 'POST'),
                    text('http.route', '/v1/sessions'),
                    { key: 'http.response.status_code', value: { intValue: '201' } },
                    text('url.scheme', 'http'),
                    text('url.path', '/v1/sessions'),
                    text('phaselock.operation', 'startSession'),
                    text('http.request.id', 'r1'),
                    text('phaselock.task_id', 't1'),
                  ],
                  status: {},
                },
                expect.objectContaining({ name: 'POST', status: { code: 2 } }),
              ],
            },
          ],
        },
      ],
    });
    expect(JSON.stringify(body)).toContain(JSON.stringify(text('error.type', '503')));
    expect(JSON.stringify(body)).not.toContain('c4n4ry');
  });

  test('are sent in batches, one batch at a time', async () => {
    const open: ServerResponse[] = [];
    await using there = await collector((response) => void open.push(response));
    const { spans, counts } = exportTo(there.url);
    for (let n = 0; n < 600; n += 1) spans.ended(SPAN);
    await eventually(() => open.length === 1);
    for (let n = 0; n < 3_000; n += 1) spans.ended(SPAN);
    // The queue is limited; the batch in flight is not part of it.
    expect(counts).toEqual({ exported: 0, dropped: 600 + 3_000 - 512 - 2_048 });
    for (let batch = 0; batch < 5; batch += 1) {
      await eventually(() => open.length === batch + 1);
      ok(open[batch] ?? expect.fail());
    }
    await eventually(() => counts.exported === 512 + 2_048);
    await spans[Symbol.asyncDispose]();
    expect(there.taken.length).toBe(5);
  });

  test('are dropped and counted while the collector fails, which is reported once', async () => {
    let broken = true;
    await using there = await collector((response) => {
      if (broken) response.writeHead(503).end();
      else ok(response);
    });
    const { spans, counts, failures } = exportTo(there.url);
    spans.ended(SPAN);
    await eventually(() => counts.dropped === 1);
    spans.ended(SPAN);
    await eventually(() => counts.dropped === 2);
    expect(failures).toEqual([new Error('the collector answered 503')]);
    broken = false;
    spans.ended(SPAN);
    await eventually(() => counts.exported === 1);
    broken = true;
    spans.ended(SPAN);
    await eventually(() => counts.dropped === 3);
    expect(failures).toHaveLength(2);
    await spans[Symbol.asyncDispose]();
  });

  test('are counted as dropped if the collector rejects them', async () => {
    await using there = await collector(
      (response) => void response.end(JSON.stringify({ partialSuccess: { rejectedSpans: '1', errorMessage: 'old' } })),
    );
    const { spans, counts } = exportTo(there.url);
    spans.ended(SPAN);
    spans.ended(SPAN);
    await spans[Symbol.asyncDispose]();
    expect(counts).toEqual({ exported: 1, dropped: 1 });
  });

  test('are exported to a collector with an endless answer, of which only the beginning is read', async () => {
    let sent = 0;
    await using endless = await collector((response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 1;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
      response.on('error', () => {});
    });
    const { spans, counts } = exportTo(endless.url);
    spans.ended(SPAN);
    await eventually(() => expect(counts.exported).toBe(1));
    await spans[Symbol.asyncDispose]();
    expect(sent).toBeLessThan(1_000);
  });

  test('do not delay the shutdown when the collector hangs', async () => {
    await using there = await collector(() => {});
    const { spans, counts } = exportTo(there.url);
    spans.ended(SPAN);
    await spans[Symbol.asyncDispose]();
    expect(counts).toEqual({ exported: 0, dropped: 1 });
  });
});

test('begins the given percentage of traces, decided by the trace id', () => {
  const begun = (percent: number, traceId: string): boolean =>
    exportSpans({
      endpoint: 'http://127.0.0.1:1',
      headers: {},
      resource: { name: 'a', version: 'b', environment: 'c' },
      percent,
      counted: () => {},
      failed: () => {},
    }).begins(traceId);
  expect([0, 25, 100].map((percent) => begun(percent, `${TRACE.slice(0, -8)}3fffffff`))).toEqual([false, true, true]);
  expect([0, 25, 100].map((percent) => begun(percent, `${TRACE.slice(0, -8)}ffffffff`))).toEqual([false, false, true]);
});
