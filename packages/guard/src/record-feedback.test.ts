import { parseSessionId } from '@phaselock/core';
import { aStart, begin, openTestGuard, readMetric } from '@phaselock/testkit';
import { expect, test } from 'vitest';

test('feedback is stored with its session, counted by its rating, or refused if not storable', async () => {
  await using scene = await openTestGuard();
  const { guard, world } = scene;
  const { id: sessionId } = await begin(guard, aStart(await world.task()));
  await guard.recordFeedback({ sessionId, rating: 'good', comment: 'the dialog said what I needed', actor: 'ada' });
  await guard.recordFeedback({ sessionId, rating: 'bad' });
  const { rows } = await guard.database.pool.pg.query('select rating, comment, created_by from feedback order by id');
  expect(rows).toEqual([
    { rating: 'good', comment: 'the dialog said what I needed', created_by: 'ada' },
    { rating: 'bad', comment: null, created_by: null },
  ]);
  expect(await readMetric(guard, 'phaselock_feedback_total', { rating: 'good' })).toBe(1);

  for (const comment of ['x'.repeat(4_001), 'a\0b', '\ud800']) {
    await expect(guard.recordFeedback({ sessionId, rating: 'neutral', comment })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  }
  const nobodys = parseSessionId('00000000-0000-7000-8000-000000000000');
  if (nobodys === undefined) throw new Error('not a session id');
  await expect(guard.recordFeedback({ sessionId: nobodys, rating: 'good' })).rejects.toMatchObject({
    code: 'session_not_found',
  });
});
