import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { traceOf, traceresponse } from './trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const SPAN = /^(?!0{16})[\da-f]{16}$/;

function asked(traceparent?: string): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  if (traceparent !== undefined) request.headers.traceparent = traceparent;
  return request;
}

test.each([
  [`00-${TRACE}-${PARENT}-01`, true],
  [`00-${TRACE}-${PARENT}-00`, false],
  [`00-${TRACE}-${PARENT}-03`, true],
  [`01-${TRACE}-${PARENT}-01-of-a-later-version`, true],
])('reads the trace from %s', (header, isSampled) => {
  const trace = traceOf(asked(header), undefined);
  expect(trace).toEqual({ traceId: TRACE, parentId: PARENT, isSampled, spanId: expect.stringMatching(SPAN) });
});

describe('ignores a malformed header', () => {
  test.each([
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
    '',
  ])('%s', (header) => {
    expect(traceOf(asked(header), undefined)).toBeUndefined();
    expect(traceOf(asked(header), { begins: () => true })?.traceId).not.toBe(TRACE);
  });
});

test('starts a trace for a request without one only if spans are exported and the sampler accepts it', () => {
  expect(traceOf(asked(), undefined)).toBeUndefined();
  expect(traceOf(asked(), { begins: () => false })).toBeUndefined();
  const trace = traceOf(asked(), { begins: () => true });
  expect(trace).toMatchObject({ parentId: undefined, isSampled: true, spanId: expect.stringMatching(SPAN) });
});

test('returns the trace and span id to the caller', () => {
  const trace = { traceId: TRACE, spanId: PARENT, parentId: undefined, isSampled: false };
  expect(traceresponse(trace)).toBe(`00-${TRACE}-${PARENT}-00`);
  expect(traceresponse({ ...trace, isSampled: true })).toBe(`00-${TRACE}-${PARENT}-01`);
});
