/** Formats an error and its causes in one line, because `fetch failed` alone does not name the address. */
export function tellError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const inner = error instanceof AggregateError ? error.errors.at(0) : cause;
  const own = message === '' && inner === undefined ? error.name : message;
  const lines = [own, ...(inner === undefined ? [] : [tellError(inner)])].filter((one) => one !== '');
  return lines.join(': ').replaceAll(/\s*\n\s*/g, ' ');
}
