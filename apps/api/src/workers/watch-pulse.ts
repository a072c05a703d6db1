import type { WorkerProcess } from './worker-process.ts';

type Watching = {
  readonly silenceMs: number;
  readonly silent: () => void;
};

/** How often it may leave a question unanswered. */
const MISSED = 3;

/**
 * Counts questions, not time: where the whole machine slept, or this process did, no worker is to blame. A balancer that asks the shared port is
 * answered by another worker, so nobody else would notice.
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
