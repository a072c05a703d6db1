/** By whom it was ended; its exit code is the shell's for that signal. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const EXIT_PIPE_CLOSED = 141;

/**
 * The work's answer, or `Interrupted` at once when somebody asks us to stop or nobody reads what we print any more. Who asks twice waits too, for
 * what is left to be put away.
 */
export async function untilInterrupted<T>(work: () => Promise<T>): Promise<T> {
  const interrupted = Promise.withResolvers<never>();
  const undo: (() => void)[] = [];
  for (const [signal, exitCode] of Object.entries(EXIT_CODES)) {
    const stop = (): void => interrupted.reject(new Interrupted(exitCode));
    process.on(signal, stop);
    undo.push(() => process.off(signal, stop));
  }
  const unread = (): void => interrupted.reject(new Interrupted(EXIT_PIPE_CLOSED));
  process.stdout.on('error', unread);
  try {
    return await Promise.race([work(), interrupted.promise]);
  } catch (error) {
    if (error instanceof Interrupted) undo.length = 0;
    throw error;
  } finally {
    for (const remove of undo) remove();
  }
}
