/**
 * Terminals and pnpm may each send a signal, so a second signal does not force an exit. Without a permanent listener it
 * would end the process at once.
 */
export function untilSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve());
  return promise;
}
