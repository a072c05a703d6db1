/** What the primary tells a worker. */
export type ToWorker = {
  readonly is:
    | 'are-you-there'
    /** The program ends. */
    | 'drain'
    /** This worker ends, the others serve on. */
    | 'leave'
    /** All hold their requests: stop listening. */
    | 'stop'
    /** Nobody listens any more: answer what is held. */
    | 'release';
};

/** What a worker tells the primary. */
export type FromWorker =
  | { readonly is: 'ready'; readonly url: string; readonly metricsPort: number }
  /** It did not get ready; mistakes are those of the configuration. */
  | { readonly is: 'failed'; readonly text: string; readonly mistakes: readonly string[] }
  | { readonly is: 'there' | 'told-to-end' | 'held' | 'stopped' };

/** Both ends are of one release and one program; what is not of this form is another library's. */
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
