import { expect, test } from 'vitest';
import { type AgentHandle, withAssignedSession } from './assigned-session.ts';

test.each([null, 'what it was before'])(
  'while it works a handle has the id it was given, and then again %s',
  async (before) => {
    const handle: AgentHandle = { sessionId: before };
    const during = await withAssignedSession(handle, 'assigned', async () => handle.sessionId);
    expect(during).toBe('assigned');
    expect(handle.sessionId).toBe(before);
  },
);

test.each([null, 'what it was before'])('work that fails puts it back too, to %s', async (before) => {
  const handle: AgentHandle = { sessionId: before };
  const failing = withAssignedSession(handle, 'assigned', async () => {
    throw new Error('the agent fell over');
  });
  await expect(failing).rejects.toThrow('the agent fell over');
  expect(handle.sessionId).toBe(before);
});

test('one task after the other has an id of its own and leaves none behind', async () => {
  const handle: AgentHandle = { sessionId: null };
  const used: (string | null)[] = [];
  for (const id of ['first', 'second']) {
    await withAssignedSession(handle, id, async () => {
      used.push(handle.sessionId);
      handle.sessionId = 'what the agent made of it';
    });
    used.push(handle.sessionId);
  }
  expect(used).toEqual(['first', null, 'second', null]);
});
