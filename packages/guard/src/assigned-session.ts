/** Whatever carries the session id to an agent. */
export type AgentHandle = { sessionId: string | null };

/** An id set by the caller is used whatever the configuration says, and afterwards the handle is what it was, null included. */
export async function withAssignedSession<T>(
  handle: AgentHandle,
  sessionId: string,
  work: () => Promise<T>,
): Promise<T> {
  const before = handle.sessionId;
  handle.sessionId = sessionId;
  try {
    return await work();
  } finally {
    handle.sessionId = before;
  }
}
