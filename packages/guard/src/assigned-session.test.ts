import { expect, test } from 'vitest';
import { type AgentHandle, withAssignedSession } from './assigned-session.ts';

test.each([null, 'previous id'])(
  'withAssignedSession sets the assigned id during the work and restores %s afterwards',
  async (before) => {
    const handle: AgentHandle = { sessionId: before };
    const during = await withAssignedSession(handle, 'assigned', async () => handle.sessionId);
    expect(during).toBe('assigned');
    expect(handle.sessionId).toBe(before);
  },
);

test.each([null, 'previous id'])('withAssignedSession restores %s when the work fails', async (before) => {
  const handle: AgentHandle = { sessionId: before };
  const failing = withAssignedSession(handle, 'assigned', async () => {
    throw new Error('the agent failed');
  });
  await expect(failing).rejects.toThrow('the agent failed');
  expect(handle.sessionId).toBe(before);
});

test('consecutive calls each use their own id and leave none behind', async () => {
  const handle: AgentHandle = { sessionId: null };
  const used: (string | null)[] = [];
  for (const id of ['first', 'second']) {
    await withAssignedSession(handle, id, async () => {
      used.push(handle.sessionId);
      handle.sessionId = 'an id set by the agent';
    });
    used.push(handle.sessionId);
  }
  expect(used).toEqual(['first', null, 'second', null]);
});
