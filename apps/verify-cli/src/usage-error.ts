/** The arguments cannot be used; exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
