import { readFileSync } from 'node:fs';
import type { LockStrategy } from '@phaselock/locking';
import { monotonicMicros } from '@phaselock/testkit';
import { openGuard } from '../../src/open-guard.ts';
import { RACEPOINTS } from '../../src/racepoints.ts';
import type { JournalLine, KillOrder } from './kill-order.ts';
import { randomSteps } from './random-client.ts';
import { seededRandom } from './seeded-random.ts';

/** A worker process that runs random operations and kills itself with SIGKILL at the nth arrival at its racepoint. */
const order: KillOrder = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const strategies: readonly LockStrategy[] = ['pessimistic', 'optimistic'];
const say = (line: JournalLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

let hits = 0;
await using guard = await openGuard({
  databaseUrl: order.databaseUrl,
  maxSize: 4,
  settings: { leaseMs: 300 },
  flags: () => ({ pessimistic_locking_enabled: order.strategy === 'pessimistic', locking_strategy: order.strategy }),
  racepoint: (name) => {
    if (name !== order.racepoint) return;
    hits += 1;
    if (hits === order.hit) process.kill(process.pid, 'SIGKILL');
  },
});
if (!strategies.includes(order.strategy) || !RACEPOINTS.includes(order.racepoint))
  throw new Error('unknown strategy or racepoint');

let last = 0;
const clients = Array.from({ length: 4 }, (_, number) =>
  randomSteps({
    name: `${order.name}/${number}`,
    guard,
    places: order.places,
    random: seededRandom(order.seed + number),
    recorder: {
      invoked(operation) {
        last += 1;
        const number = last;
        say({ kind: 'invoked', number, operation });
        return (effects) => say({ kind: 'answered', number, at: monotonicMicros(), effects });
      },
      failed: () => {},
    },
  }),
);
await Promise.all(
  clients.map(async (step) => {
    for (let taken = 0; taken < order.steps; taken += 1) await step();
  }),
);
say({ kind: 'survived' });
