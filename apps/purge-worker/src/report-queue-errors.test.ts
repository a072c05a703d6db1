import { expect, test } from 'vitest';
import { reportQueueErrors } from './report-queue-errors.ts';

test('logs each distinct error once a minute with its count, however the error is wrapped', () => {
  const said: unknown[] = [];
  let now = 0;
  const report = reportQueueErrors({ error: (...line: unknown[]) => said.push(line.at(-1)) }, () => now);
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:5432');
  for (let times = 0; times < 100; times += 1) report(refused);
  report({ message: refused.message, queue: 'archive-lane' });
  report(new AggregateError([refused]));
  report({ code: 'ECONNRESET' });
  report(null);
  expect(said).toEqual([
    'the queue: connect ECONNREFUSED 127.0.0.1:5432',
    'the queue: ECONNRESET',
    'the queue: an error without a message',
  ]);
  now = 60_000;
  report(refused);
  expect(said).toHaveLength(4);
});
