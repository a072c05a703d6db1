import type { Watcher } from './admission.ts';
import type { Caller } from './caller.ts';

type Watching = {
  /** Returns the caller as it is now, or undefined if the credential is no longer accepted. */
  readonly ask: (credential: string) => Promise<Caller | undefined>;
  readonly everyMs: number;
};

export type CallerWatch = AsyncDisposable & {
  watch(credential: string, watcher: Watcher): () => void;
  /** Checks every watched credential without waiting for the next round. */
  askNow(): void;
};

/**
 * Concurrent lookups in a round. A thousand at once would queue for connections, and requests would be shed until the
 * queue is short again.
 */
const AT_ONCE = 4;

/**
 * Checks credentials again while long-running responses depend on them: once when a watch begins, then every few
 * seconds. All watchers share one timer and one check per distinct credential; without watchers no timer runs.
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
      // The cached lookup that admitted the request may be seconds old.
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

/** Lets a second check of a credential wait for the one in progress. */
function shareQuestions(ask: (credential: string) => Promise<void>) {
  const asking = new Map<string, Promise<void>>();
  const askFor = (credential: string): Promise<void> => {
    const begun = asking.get(credential);
    if (begun !== undefined) return begun;
    // A failed check is not a refusal: the response goes on, and the next round checks again.
    const asked = ask(credential)
      .catch(() => undefined)
      .finally(() => asking.get(credential) === asked && asking.delete(credential));
    asking.set(credential, asked);
    return asked;
  };
  return {
    askFor,
    /** A check in progress may have read the state before a change, so the next check must not wait for it. */
    startOver: () => asking.clear(),
    answered: () => Promise.all(asking.values()),
  };
}

/**
 * Skips a round while the previous one is in progress. Otherwise rounds would pile up while the database does not
 * respond.
 */
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
