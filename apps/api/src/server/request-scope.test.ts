import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { exemplarOf, traceOf } from './request-scope.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

function asked(traceparent: string): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.headers.traceparent = traceparent;
  return request;
}

test.each([
  [`00-${TRACE}-b7ad6b7169203331-01`, { 'trace.id': TRACE }],
  [`01-${TRACE}-b7ad6b7169203331-01-of-a-later-version`, { 'trace.id': TRACE }],
  [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, {}],
  [`00-${TRACE.toUpperCase()}-b7ad6b7169203331-01`, {}],
  [`00-${TRACE}`, {}],
  ['', {}],
])('the trace of %j', (header, expected) => {
  expect(traceOf(asked(header))).toEqual(expected);
});

test('an exemplar names the request, and its trace while both fit into what OpenMetrics allows', () => {
  expect(exemplarOf(undefined)).toBeUndefined();
  expect(exemplarOf({ 'http.request.id': 'r' })).toEqual({ request_id: 'r' });
  const long = 'r'.repeat(100);
  for (const id of ['r', long.slice(0, 78), long.slice(0, 79), long]) {
    const labels = exemplarOf({ 'http.request.id': id, 'trace.id': TRACE });
    expect(labels?.request_id).toBe(id);
    expect(labels).toHaveProperty('request_id');
    expect('trace_id' in (labels ?? {})).toBe(id.length <= 78);
    expect(
      Object.entries(labels ?? {})
        .flat()
        .join('').length,
    ).toBeLessThanOrEqual(128);
  }
});
