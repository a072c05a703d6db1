import { once } from 'node:events';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { makeApiKey } from '@phaselock/access';
import { createTestDatabase, eventually, runAdminStatement, spawnNode } from '@phaselock/testkit';
import { expect, test } from 'vitest';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
};

/** The spans of an OTLP/JSON body. Fails the test if a span is not in the form the protocol requires. */
function spansIn(body: unknown): Span[] {
  expect(body).toMatchObject({
    resourceSpans: [{ resource: { attributes: expect.any(Array) }, scopeSpans: [{ spans: expect.any(Array) }] }],
  });
  const text = JSON.stringify(body);
  const { resourceSpans } = JSON.parse(text);
  const spans: Span[] = resourceSpans[0].scopeSpans[0].spans;
  for (const span of spans) {
    expect(span).toMatchObject({
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
      spanId: expect.stringMatching(/^[\da-f]{16}$/),
      kind: 2,
      startTimeUnixNano: expect.stringMatching(/^\d{19}$/),
      endTimeUnixNano: expect.stringMatching(/^\d{19}$/),
    });
  }
  return spans;
}

/** A trace collector that keeps the spans it receives. */
async function openCollector(): Promise<AsyncDisposable & { readonly url: string; readonly spans: readonly Span[] }> {
  const spans: Span[] = [];
  const collector = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    spans.push(...spansIn(JSON.parse(Buffer.concat(chunks).toString())));
    response.setHeader('Content-Type', 'application/json').end('{}');
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const address = collector.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans,
    [Symbol.asyncDispose]: async () => {
      collector.closeAllConnections();
      collector.close();
    },
  };
}

const scrape = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();

test('a request has the same ids in its trace, its log lines and its response', async () => {
  await using database = await createTestDatabase();
  await using collector = await openCollector();
  const { spans } = collector;
  await using api = spawnNode(MAIN, {
    env: {
      PHASELOCK_PORT: '0',
      PHASELOCK_AUTH: 'off',
      PHASELOCK_DATABASE_URL: database.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
  const [, url = ''] = await api.waitForLine(/is up at (http:\S+)/);
  const ask = (headers: Record<string, string>) => fetch(`${url}/v1/models`, { headers });
  const given = await ask({ traceparent: `00-${TRACE}-${PARENT}-01` });
  const [, traceId, spanId] = /^00-(\w{32})-(\w{16})-01$/.exec(given.headers.get('traceresponse') ?? '') ?? [];
  expect(traceId).toBe(TRACE);
  const malformed = await ask({ traceparent: `00-${TRACE}-${PARENT}` });
  const unwanted = await ask({ traceparent: `00-${TRACE.replace('0', '1')}-${PARENT}-00` });
  expect(unwanted.headers.get('traceresponse')).toMatch(/-00$/);
  await eventually(async () => (await scrape(url)).includes('phaselock_trace_spans_total{result="exported"} 2\n'), {
    withinMs: 20_000,
  });
  expect(spans).toMatchObject([
    { traceId: TRACE, spanId, parentSpanId: PARENT, name: 'GET /v1/models' },
    { name: 'GET /v1/models' },
  ]);
  expect(malformed.headers.get('traceresponse')).toBe(`00-${spans[1]?.traceId}-${spans[1]?.spanId}-01`);
  expect(spans[1]).not.toHaveProperty('parentSpanId');
  const line = api
    .stdout()
    .split('\n')
    .find((text) => text.includes(TRACE));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ 'trace.id': TRACE, 'transaction.id': spanId });
});

test('does not export the span of an unauthenticated request because its caller samples the trace', async () => {
  await using database = await createTestDatabase();
  await using collector = await openCollector();
  await using api = spawnNode(MAIN, {
    env: {
      PHASELOCK_PORT: '0',
      PHASELOCK_DATABASE_URL: database.url,
      PHASELOCK_TRACE_PERCENT: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
  const [, url = ''] = await api.waitForLine(/is up at (http:\S+)/);
  const { key, prefix, secretSha256 } = makeApiKey();
  await runAdminStatement(
    database.url,
    `insert into api_keys (id, name, prefix, secret_sha256, scopes) values (gen_random_uuid(), 'a test', $1, decode($2, 'hex'), '{sessions:read}')`,
    [prefix, secretSha256.toString('hex')],
  );
  const ask = async (credential: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${credential}`, traceparent: `00-${TRACE}-${PARENT}-01` };
    return (await fetch(`${url}/v1/models`, { headers })).status;
  };
  expect([await ask(makeApiKey().key), await ask('nothing'), await ask(key)]).toEqual([401, 401, 200]);
  await eventually(async () => /phaselock_trace_spans_total\{result="exported"\} [1-9]/.test(await scrape(url)), {
    withinMs: 20_000,
  });
  // Spans are sent in the order in which requests end.
  expect(collector.spans).toMatchObject([{ traceId: TRACE, parentSpanId: PARENT, name: 'GET /v1/models' }]);
});
