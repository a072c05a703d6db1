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
  /** Waits until each has all there is to receive, as one of these addresses tells it. Answers with all that were followed, and those that never had it. */
  settle(living: readonly string[]): Promise<FollowedFile>;
};

export type FollowersOptions = {
  readonly product: AskedProduct;
  readonly projects: number;
  readonly streamsOfEach: number;
  /** Where what they receive goes, a line a change. */
  readonly file: string;
  readonly say: (line: string) => void;
};

const LONGEST_MS = 60_000;

/** So many streams of each of the first projects that are made, and of no others. */
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
        // The campaign's clock is of its own process; this one is held against the journal of another.
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
        return { streams, unsettled: ['no address answers: streams did not get what is still to come'] };
      const seconds = Math.round(settlesWithinMs(leaseMs) / 1_000);
      say(`waits until leases have lapsed and ${followers.length} streams have every change: ${seconds} s at the most`);
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
