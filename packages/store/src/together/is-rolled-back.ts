/** Whether the server reported that the statement failed. It wrote nothing then, and the connection is still open. */
export const isRolledBack = (error: unknown): boolean =>
  error instanceof Error && 'severity' in error && error.severity === 'ERROR';
