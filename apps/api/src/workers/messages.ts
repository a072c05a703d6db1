/** A message from the primary to a worker. */
export type ToWorker = {
  readonly is:
    | 'are-you-there'
    /** The program ends. */
    | 'drain'
    /** This worker ends, the others continue. */
    | 'leave'
    /** All workers hold their requests: stop listening. */
    | 'stop'
    /** No worker listens any more: respond to the held requests. */
    | 'release';
};

/** A message from a worker to the primary. */
export type FromWorker =
  | { readonly is: 'ready'; readonly url: string; readonly metricsPort: number }
  /** The worker did not become ready. `mistakes` are configuration mistakes. */
  | { readonly is: 'failed'; readonly text: string; readonly mistakes: readonly string[] }
  | { readonly is: 'there' | 'told-to-end' | 'held' | 'stopped' };

/** Both ends run the same release. Messages in another form belong to another library. */
const kindOf = (message: unknown): unknown =>
  typeof message === 'object' && message !== null && 'is' in message ? message.is : undefined;

const TO_WORKER: readonly ToWorker['is'][] = ['are-you-there', 'drain', 'leave', 'stop', 'release'];
const PLAIN = ['there', 'told-to-end', 'held', 'stopped'] as const;

export const readToWorker = (message: unknown): ToWorker['is'] | undefined =>
  TO_WORKER.find((known) => known === kindOf(message));

export function readFromWorker(message: unknown): FromWorker | undefined {
  const plain = PLAIN.find((known) => known === kindOf(message));
  if (plain !== undefined) return { is: plain };
  if (typeof message !== 'object' || message === null) return undefined;
  if (kindOf(message) === 'ready' && 'url' in message && 'metricsPort' in message)
    return { is: 'ready', url: String(message.url), metricsPort: Number(message.metricsPort) };
  if (kindOf(message) === 'failed' && 'text' in message && 'mistakes' in message && Array.isArray(message.mistakes))
    return { is: 'failed', text: String(message.text), mistakes: message.mistakes.map(String) };
  return undefined;
}
