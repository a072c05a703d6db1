import type { Watcher } from './admission.ts';
import type { Caller } from './caller.ts';

type Watching = {
  /** The caller as it is now; undefined when the credential is not accepted any more. */
  readonly ask: (credential: string) => Promise<Caller | undefined>;
  readonly everyMs: number;
};

export type CallerWatch = AsyncDisposable & {
  watch(credential: string, watcher: Watcher): () => void;
  /** Asks for every watched credential without waiting for the next round. */
  askNow(): void;
};

/** Lookups at the same time in a round: a thousand at once would queue for connections, and requests would be refused for the length of the queue. */
const AT_ONCE = 4;

/**
 * Follows credentials while answers depend on them: asks when a watch begins, and every few seconds after that. One timer for all watchers,
 * one question for each distinct credential, and no timer while there is no watcher.
 */
export function watchCallers({ ask, everyMs }: Watching): CallerWatch {
  const watched = new Map<string, Set<Watcher>>();
  const leave = (credential: string, watcher: Watcher): void => {
    const watchers = watched.get(credential);
    watchers?.delete(watcher);
    if (watchers?.size === 0) watched.delete(credential);
    if (watched.size === 0) rounds.stop();
  };
  const tell = (credential: string, caller: Caller | undefined): void => {
    for (const watcher of watched.get(credential) ?? []) {
      if (caller !== undefined && watcher.holds(caller)) continue;
      leave(credential, watcher);
      watcher.lost();
    }
  };
  const questions = shareQuestions(async (credential) => tell(credential, await ask(credential)));
  const askForAll = (): Promise<void> => inLanes([...watched.keys()], questions.askFor);
  const rounds = repeat(askForAll, everyMs);

  return {
    watch(credential, watcher) {
      watched.set(credential, (watched.get(credential) ?? new Set()).add(watcher));
      rounds.start();
      // The lookup the request was admitted by may have been seconds old.
      void questions.askFor(credential);
      return () => leave(credential, watcher);
    },
    askNow() {
      questions.startOver();
      void askForAll();
    },
    async [Symbol.asyncDispose]() {
      rounds.stop();
      watched.clear();
      await questions.answered();
    },
  };
}

/** While a question for a credential is on its way, a second one waits for its answer. */
function shareQuestions(ask: (credential: string) => Promise<void>) {
  const asking = new Map<string, Promise<void>>();
  const askFor = (credential: string): Promise<void> => {
    const begun = asking.get(credential);
    if (begun !== undefined) return begun;
    // A question that failed is no refusal: the answer goes on, and the next round asks again.
    const asked = ask(credential)
      .catch(() => undefined)
      .finally(() => asking.get(credential) === asked && asking.delete(credential));
    asking.set(credential, asked);
    return asked;
  };
  return {
    askFor,
    /** A question that is on its way may be answered with the state before a change: the next one does not wait for it. */
    startOver: () => asking.clear(),
    answered: () => Promise.all(asking.values()),
  };
}

/** While a round takes longer than the interval no second one begins: when the database does not answer, they would add up. */
function repeat(round: () => Promise<void>, everyMs: number) {
  let timer: NodeJS.Timeout | undefined;
  let inRound = false;
  const next = async (): Promise<void> => {
    if (inRound) return;
    inRound = true;
    await round();
    inRound = false;
  };
  return {
    start: () => {
      timer ??= setInterval(() => void next(), everyMs).unref();
    },
    stop: () => {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

async function inLanes(credentials: readonly string[], askFor: (credential: string) => Promise<void>): Promise<void> {
  const left = credentials.values();
  const lane = async (): Promise<void> => {
    for (const credential of left) await askFor(credential);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
