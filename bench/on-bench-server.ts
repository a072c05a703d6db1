import { openBenchServer } from './bench-server.ts';
import { Interrupted, untilInterrupted } from './until-interrupted.ts';

/**
 * Runs the work on a separate PostgreSQL server. The server and everything in `owned` are disposed of at the end,
 * whether the work ended or was interrupted.
 */
export async function onBenchServer(
  work: (adminUrl: string, owned: AsyncDisposableStack) => Promise<void>,
): Promise<void> {
  try {
    await using server = await openBenchServer();
    await using owned = new AsyncDisposableStack();
    await untilInterrupted(async () => await work((await server.started()).adminUrl, owned));
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    // Exits at once, because the interrupted measurement still runs although its server has been stopped.
    process.exit(error.exitCode);
  }
}
