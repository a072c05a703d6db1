import type { WorkerProcess } from './worker-process.ts';

type Watching = {
  readonly silenceMs: number;
  readonly silent: () => void;
};

/** After this many unanswered pings the worker counts as silent. */
const MISSED = 3;

/**
 * Calls `silent` when the worker stops answering pings. It counts pings and not time, so that a suspended machine or
 * primary does not count against the worker. A health check on the shared port would not find such a worker, because
 * another worker answers it.
 */
export function watchPulse(
  { tell, onEach, gone }: Pick<WorkerProcess, 'tell' | 'onEach' | 'gone'>,
  { silenceMs, silent }: Watching,
): void {
  let unanswered = 0;
  onEach('there', () => {
    unanswered = 0;
  });
  const timer = setInterval(() => {
    if (unanswered >= MISSED) {
      clearInterval(timer);
      silent();
      return;
    }
    unanswered += 1;
    tell('are-you-there');
  }, silenceMs / MISSED);
  void gone.then(() => clearInterval(timer));
}
