import { setTimeout as pause } from 'node:timers/promises';
import { createClient, readChanges } from '@phaselock/contract';
import { type Recorder, roundedNow } from '../history/recorder.ts';
import type { Random } from '../random.ts';

export type Follower = {
  readonly project: string;
  /** Stream position of the last change received. */
  readonly last: () => string;
  readonly ended: Promise<void>;
};

export type FollowerOptions = {
  readonly name: string;
  readonly project: string;
  readonly addresses: readonly string[];
  readonly key: string;
  readonly recorder: Recorder;
  readonly random: Random;
  /** Longest duration of one connection, before it reconnects to a random address. */
  readonly longestMs: number;
  readonly signal: AbortSignal;
};

/** Follows the changes of a project from the beginning, reconnecting as often as needed. */
export function followChanges(options: FollowerOptions): Follower {
  let last = '0-0';
  const follow = async () => {
    for (let connection = 0; !options.signal.aborted; connection += 1) {
      await connectOnce(options, connection, last, (id) => {
        last = id;
      });
      await pause(options.random.whole(5, 200), undefined, { signal: options.signal }).catch(() => undefined);
    }
  };
  return { project: options.project, last: () => last, ended: follow() };
}

async function connectOnce(
  { name, project, addresses, key, recorder, random, longestMs, signal }: FollowerOptions,
  connection: number,
  lastEventId: string,
  received: (id: string) => void,
): Promise<void> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(random.whole(Math.ceil(longestMs / 10), longestMs))]);
  try {
    const client = createClient({ baseUrl: random.pick(addresses), key });
    const response = await client.projectChanges({ params: { projectId: project }, lastEventId, signal: enough });
    for await (const { id, change } of readChanges(response)) {
      received(id);
      const { sessionId: session, type, generation } = change;
      recorder.entry({
        is: 'change',
        follower: name,
        project,
        at: roundedNow(),
        connection,
        id,
        session,
        type,
        generation,
      });
    }
  } catch {
    // However the connection ended, the next one resumes after the last received change.
  }
}
