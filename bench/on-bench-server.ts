import { openBenchServer } from './bench-server.ts';
import { Interrupted, untilInterrupted } from './until-interrupted.ts';

/** Work on a server of its own. It is gone at the end, and so is what the work gave to `owned`, whether the work ended or was interrupted. */
export async function onBenchServer(
  work: (adminUrl: string, owned: AsyncDisposableStack) => Promise<void>,
): Promise<void> {
  try {
    await using server = await openBenchServer();
    await using owned = new AsyncDisposableStack();
    await untilInterrupted(async () => await work((await server.started()).adminUrl, owned));
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    // What was being measured is still at it, against a server that is gone.
    process.exit(error.exitCode);
  }
}
