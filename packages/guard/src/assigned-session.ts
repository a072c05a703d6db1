/** The object that passes the session id to an agent. */
export type AgentHandle = { sessionId: string | null };

/**
 * Runs the work with the session id that the caller assigned, whatever the configuration says. Restores the previous id
 * afterwards, null included.
 */
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
