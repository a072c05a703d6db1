import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createClient } from '@phaselock/contract';
import { type Follower, followChanges } from '../../chaos/clients/follow-changes.ts';
import { createRandom } from '../../chaos/random.ts';
import { settleStreams, settlesWithinMs } from '../../chaos/settle-streams.ts';
import type { AskedProduct } from './product/product.ts';
import type { FollowedFile } from './run-folder.ts';

export type Followers = AsyncDisposable & {
  follow(projectId: string): void;
  /**
   * Waits until each follower has received all changes that one of these addresses returns. Returns all streams, and
   * descriptions of the incomplete ones.
   */
  settle(living: readonly string[]): Promise<FollowedFile>;
};

export type FollowersOptions = {
  readonly product: AskedProduct;
  readonly projects: number;
  readonly streamsOfEach: number;
  /** The file for the received changes, one line each. */
  readonly file: string;
  readonly say: (line: string) => void;
};

const LONGEST_MS = 60_000;

/** Follows the first projects that are created, each with a number of streams. */
export function openFollowers({ product, projects, streamsOfEach, file, say }: FollowersOptions): Followers {
  const { urls, key, leaseMs } = product;
  const over = new AbortController();
  const random = createRandom(streamsOfEach);
  const output = createWriteStream(file);
  const followers: Follower[] = [];
  const followed = new Set<string>();
  const streams: FollowedFile['streams'][number][] = [];

  const add = (project: string) => {
    const name = `follower-${followers.length}`;
    streams.push({ follower: name, project });
    followers.push(
      followChanges({
        name,
        project,
        addresses: urls,
        key,
        // Records wall-clock times, because the journal with which they are compared comes from another process.
        recorder: {
          operation: () => undefined,
          entry: (entry) => void output.write(`${JSON.stringify({ ...entry, at: Date.now() })}\n`),
          count: 0,
          onOperation: () => () => undefined,
          close: async () => undefined,
        },
        random: random.fork(name),
        longestMs: LONGEST_MS,
        signal: over.signal,
      }),
    );
  };
  return {
    follow: (project) => {
      if (followed.has(project) || followed.size >= projects) return;
      followed.add(project);
      for (let stream = 0; stream < streamsOfEach; stream += 1) add(project);
    },
    settle: async ([baseUrl]) => {
      if (followers.length === 0) return { streams, unsettled: [] };
      if (baseUrl === undefined)
        return { streams, unsettled: ['no address responds, so the streams could not receive the last changes'] };
      const seconds = Math.round(settlesWithinMs(leaseMs) / 1_000);
      say(`waiting for leases to expire and ${followers.length} streams to receive all changes: at most ${seconds} s`);
      const { unsettled } = await settleStreams(createClient({ baseUrl, key }), followers, leaseMs);
      return { streams, unsettled };
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await Promise.all(followers.map(({ ended }) => ended));
      output.end();
      await finished(output);
    },
  };
}
