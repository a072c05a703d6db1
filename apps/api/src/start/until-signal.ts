/** Terminals and pnpm both send one, so a second is no wish to hurry; without a listener that stays, it would end the process at once. */
export function untilSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve());
  return promise;
}
