import { expect, test } from 'vitest';
import { exemplarOf } from './request-scope.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

test('an exemplar names the request, and its trace if both fit into the limit of OpenMetrics', () => {
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
