import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApi, type TestApi } from '../../test/open-test-api.ts';
import { sendOverTheWire } from '../../test/over-the-wire.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ PHASELOCK_REQUEST_TIMEOUT_MS: '400', PHASELOCK_HEADERS_TIMEOUT_MS: '300' });
});
afterAll(() => api[Symbol.asyncDispose]());

const overTheWire = (...parts: readonly (string | Buffer)[]) => sendOverTheWire(api.api.url, parts);

const head = (lines: readonly string[], start = 'POST /v1/sessions HTTP/1.1'): string =>
  `${[start, 'Host: localhost', `Authorization: Bearer ${api.key}`, ...lines].join('\r\n')}\r\n\r\n`;
const JSON_TYPE = 'Content-Type: application/json';

describe('an invalid HTTP request gets a problem document, and its connection ends:', () => {
  test.each([
    ['noise', () => 'EHLO phaselock\r\n\r\n', 400, 'invalid_request'],
    ['TLS', () => Buffer.from('1603010200010001fc0303', 'hex'), 400, 'invalid_request'],
    ['a header with a line break', () => head(['X-Evil: a\rb', 'Content-Length: 0']), 400, 'invalid_request'],
    ['two lengths', () => head([JSON_TYPE, 'Content-Length: 2', 'Content-Length: 3']), 400, 'invalid_request'],
    [
      'a Content-Length and chunks',
      () => `${head([JSON_TYPE, 'Content-Length: 5', 'Transfer-Encoding: chunked'])}0\r\n\r\n`,
      400,
      'invalid_request',
    ],
    [
      'a chunk without a size',
      () => `${head([JSON_TYPE, 'Transfer-Encoding: chunked'])}zz\r\n`,
      400,
      'invalid_request',
    ],
    ['20 kB of headers', () => head([`X-Long: ${'x'.repeat(20_000)}`]), 431, 'headers_too_large'],
    ['headers that never end', () => 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n', 408, 'request_timeout'],
    ['a body that never ends', () => `${head([JSON_TYPE, 'Content-Length: 100'])}{`, 408, 'request_timeout'],
  ])('%s', async (_what, bytes, status, code) => {
    expect(await overTheWire(bytes())).toMatchObject({ status, code });
  });
});

describe('a body', () => {
  test.each([
    ['with too large a length', () => [head([JSON_TYPE, 'Content-Length: 99999999999'])], 413, 'payload_too_large'],
    [
      'in chunks above the limit',
      () => [head([JSON_TYPE, 'Transfer-Encoding: chunked']), `100000\r\n${' '.repeat(0x100000)}\r\n`.repeat(3)],
      413,
      'payload_too_large',
    ],
    [
      'in too many chunks of one byte',
      () => [head([JSON_TYPE, 'Transfer-Encoding: chunked']), '1\r\n \r\n'.repeat(10_001)],
      413,
      'payload_too_large',
    ],
    [
      'compressed with gzip',
      () => {
        const body = gzipSync('{}');
        return [head([JSON_TYPE, 'Content-Encoding: gzip', `Content-Length: ${body.length}`]), body];
      },
      415,
      'unsupported_media_type',
    ],
    [
      'of another media type',
      () => [head(['Content-Type: text/xml', 'Content-Length: 2']), '{}'],
      415,
      'unsupported_media_type',
    ],
    ['without a media type', () => [head(['Content-Length: 2']), '{}'], 415, 'unsupported_media_type'],
    [
      'that is not valid UTF-8',
      () => [head([JSON_TYPE, 'Content-Length: 5']), Buffer.from([0x7b, 0xff, 0xfe, 0xc3, 0x7d])],
      400,
      'invalid_request',
    ],
    ['that is absent', () => [head([JSON_TYPE, 'Content-Length: 0'])], 400, 'invalid_request'],
  ])('%s is refused', async (_what, parts, status, code) => {
    expect(await overTheWire(...parts())).toMatchObject({ status, code });
  });
});

describe('the request path', () => {
  test.each([
    ['/v1/sessions/%zz', 400, 'invalid_request'],
    ['/v1/sessions/%00', 400, 'invalid_request'],
    ['/v1/sessions/%c0%ae', 400, 'invalid_request'],
    ['//evil.example/v1/sessions', 404, 'route_not_found'],
    ['/v1/sessions/../../etc/passwd', 404, 'route_not_found'],
    ['/v1/sessions/', 404, 'route_not_found'],
    ['/V1/sessions', 404, 'route_not_found'],
    ['/v1/sessions?__proto__[x]=1', 400, 'invalid_request'],
    ['/v1/sessions?limit[]=1', 400, 'invalid_request'],
    ['/errors/..%2f..%2fpackage.json', 404, 'route_not_found'],
  ])('%s gets %i %s', async (path, status, code) => {
    expect(await overTheWire(head(['Connection: close'], `GET ${path} HTTP/1.1`))).toMatchObject({ status, code });
  });
});

test('an unsupported method gets 405 and the allowed methods', async () => {
  const answer = await overTheWire(head(['Content-Length: 0'], 'PATCH /v1/sessions HTTP/1.1'));
  expect(answer).toMatchObject({ status: 405, code: 'method_not_allowed' });
  expect(answer.text).toMatch(/\r\nAllow: POST, GET, HEAD\r\n/i);
});

test('an answer does not reveal the software behind it', async () => {
  const { text } = await overTheWire(head(['Connection: close'], 'GET /v1/nothing HTTP/1.1'));
  expect(text).not.toMatch(/x-powered-by|express|node_modules|\.ts:/i);
  expect(text).toMatch(/x-content-type-options: nosniff/i);
});

test('the service still answers after all invalid requests', async () => {
  expect((await api.call('GET', '/v1/sessions')).status).toBe(200);
});
