import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTestApi } from '../open-test-api.ts';
import { lineOf } from './walk/book.ts';
import { prepareClients, prepareWorld } from './walk/prepare-world.ts';
import { settle } from './walk/settle.ts';
import { summaryOf } from './walk/summary.ts';
import { prepareWalk, walk } from './walk/walk.ts';

const CALLS = Number(process.env.PHASELOCK_TEST_WALK_CALLS ?? 1_500);
const SEEDS = (process.env.PHASELOCK_TEST_WALK_SEEDS ?? `20261121,${randomInt(1, 1_000_000_000)}`)
  .split(',')
  .map(Number);

/** The shortest possible lease, so that leases lapse during the walk. */
const LEASE_MS = 1_000;

test.each(SEEDS)(
  'all responses are consistent in a random walk of API calls with seed %i',
  async (seed) => {
    await using api = await openTestApi({ PHASELOCK_LEASE_MS: String(LEASE_MS) });
    const prepared = await prepareClients(api);
    const plan = { url: api.api.url, seed, calls: CALLS, leaseMs: LEASE_MS, ...prepared };
    const walked = prepareWalk(plan);
    await prepareWorld(walked.turnAt(0));
    const steps = await walk(walked, plan);
    await settle(walked.judging, walked.turnAt(steps + 1), api.databaseUrl);

    const { book, operations } = walked.judging;
    const diary = join(tmpdir(), `phaselock-walk-${seed}.txt`);
    // Responses arrive in another order in each run, so a failing run is saved.
    if (book.broken.length > 0) writeFileSync(diary, book.calls.map(lineOf).join('\n'));
    const again = `PHASELOCK_TEST_WALK_SEEDS=${seed} PHASELOCK_TEST_WALK_CALLS=${CALLS}; all its calls: ${diary}`;
    const summary = summaryOf(book, operations);
    expect(book.broken.length, `${again}\n${summary.text}\n\n${book.report()}\n\n${again}`).toBe(0);
    expect(summary.neverAsked, 'operations the walk never called').toEqual([]);
  },
  60_000 + CALLS * 100,
);
