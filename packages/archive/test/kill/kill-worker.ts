import { readFileSync } from 'node:fs';
import { openDatabase } from '@phaselock/store';
import type { ArchiveRacepoint } from '../../src/steps/racepoints.ts';
import { runSteps } from '../../src/steps/run-steps.ts';
import { openObjectStore } from '../../src/stores/open-object-store.ts';
import { AT_ONCE } from '../at-once.ts';
import { contextAtOnce } from '../context-at-once.ts';

export type KillOrder = {
  readonly databaseUrl: string;
  readonly archive: string;
  readonly scratch: string;
  readonly racepoint: ArchiveRacepoint;
  readonly hit: number;
};

/** A worker that runs the due steps and kills itself when it reaches its racepoint for the nth time. */
const order: KillOrder = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
let hits = 0;
await using database = openDatabase({ url: order.databaseUrl, maxSize: 3 });
await using store = await openObjectStore(order.archive);
await runSteps(
  contextAtOnce({
    database,
    store,
    policy: { ...AT_ONCE, batchLimit: 100, leaseSeconds: 1 },
    scratch: order.scratch,
    racepoint: (name) => {
      if (name !== order.racepoint) return;
      hits += 1;
      if (hits === order.hit) process.kill(process.pid, 'SIGKILL');
    },
  }),
);
