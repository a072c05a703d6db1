/**
 * The work was interrupted by a signal or a closed output pipe; `exitCode` is the shell's exit code for that signal.
 */
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
 * Returns the result of the work, or rejects with `Interrupted` at a stop signal or when standard output is closed.
 * After an interruption the handlers stay installed, so that a second signal does not abort the cleanup.
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
