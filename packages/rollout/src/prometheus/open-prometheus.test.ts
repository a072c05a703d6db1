import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openPrometheus } from './open-prometheus.ts';

const owned = new AsyncDisposableStack();
afterAll(() => owned.disposeAsync());

const folder = mkdtempSync(join(tmpdir(), 'phaselock-prometheus-'));

/** A fake Prometheus server with a given response. */
async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  owned.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

const bounds = { timeoutMs: 400, largestAnswerBytes: 10_000 };
const matrix = (values: readonly (readonly [number, string])[], more = {}): string =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'matrix', result: [{ metric: { __name__: 'up' }, values }] },
    ...more,
  });

async function rawFrom(answer: RequestListener) {
  return openPrometheus({ url: await listen(answer), bounds }).raw('up', 10_000, 70_000);
}

describe('an answer', () => {
  test('is read without the sample at the start of the range, which only Prometheus 2 returns', async () => {
    const answer = await rawFrom((_, response) =>
      response.end(
        matrix([
          [10, '1'],
          [25.123, '2'],
          [70, 'NaN'],
        ]),
      ),
    );
    expect(answer).toEqual({
      kind: 'series',
      series: [
        {
          labels: { __name__: 'up' },
          samples: [
            { at: 25_123, value: 2 },
            { at: 70_000, value: Number.NaN },
          ],
        },
      ],
    });
  });

  test('may have infos, which are not warnings', async () => {
    expect(await rawFrom((_, response) => response.end(matrix([], { infos: ['a note'] })))).toMatchObject({
      kind: 'series',
    });
  });

  test.each<readonly [string, string, RequestListener]>([
    ['with warnings', 'partial', (_, response) => response.end(matrix([], { warnings: ['a store is not there'] }))],
    ['of an unknown shape', 'unreadable', (_, response) => response.end('{"status":"success","data":{}}')],
    [
      'with histograms',
      'unreadable',
      (_, response) => response.end(matrix([]).replace('"values":[]', '"values":[],"histograms":[]')),
    ],
    [
      'of another result type',
      'unreadable',
      (_, response) => response.end('{"status":"success","data":{"resultType":"vector","result":[]}}'),
    ],
    ['that is not JSON', 'unreadable', (_, response) => response.end('<html>')],
    [
      'that is cut off',
      'unreachable',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{');
        response.destroy();
      },
    ],
    ['that is an error', 'http_error', (_, response) => response.writeHead(503).end('overloaded')],
    [
      'that redirects',
      'unreachable',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    ],
    ['that is too large', 'too_large', (_, response) => response.end('x'.repeat(20_000))],
    ['that never comes', 'timeout', () => undefined],
    ['that begins and never ends', 'timeout', (_, response) => response.write('{')],
  ])('%s is refused: %s', async (_, why, answer) => {
    expect(await rawFrom(answer)).toMatchObject({ kind: 'refused', why });
  });

  test('is refused if no server listens', async () => {
    const nobody = openPrometheus({ url: 'http://127.0.0.1:9', bounds });
    expect(await nobody.instant('up', 0)).toMatchObject({ kind: 'refused', why: 'unreachable' });
  });
});

test('a refusal does not contain the secrets of its request', async () => {
  const url = await listen((_, response) =>
    response.writeHead(401).end(`${'x'.repeat(170)} http://u:s3cret@prometheus/ Authorization: Bearer abcdefghijkl`),
  );
  const withPassword = openPrometheus({ url: url.replace('//', '//u:s3cret@'), bounds });
  for (const prometheus of [openPrometheus({ url, bounds }), withPassword]) {
    const answer = await prometheus.instant('up', 0);
    expect(answer).toMatchObject({ kind: 'refused', detail: expect.stringContaining('http') });
    expect(JSON.stringify(answer)).not.toMatch(/s3cret|abcdefghijkl/);
  }
});

test('a query uses the current token in the file and the path of the URL', async () => {
  const tokenFile = join(folder, 'token');
  const seen: (string | undefined)[] = [];
  const url = await listen((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`);
    response.end(matrix([]));
  });
  const prometheus = openPrometheus({ url: `${url}/under`, tokenFile, bounds });
  expect(await prometheus.raw('up', 0, 1)).toMatchObject({ kind: 'refused' });
  for (const token of ['first', 'second']) {
    writeFileSync(tokenFile, `${token}\n`);
    await prometheus.raw('up', 0, 1);
  }
  expect(seen).toEqual(['/under/api/v1/query Bearer first', '/under/api/v1/query Bearer second']);
});
