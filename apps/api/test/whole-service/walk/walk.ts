import { openBook } from './book.ts';
import { createCaller } from './caller.ts';
import { openCatalogue } from './catalogue.ts';
import { hear } from './hear.ts';
import type { Judging } from './judging.ts';
import { type Memory, openMemory, type Side } from './memory.ts';
import { MOVES } from './moves.ts';
import { readEverything } from './moves-reads.ts';
import { runnerMove } from './moves-runners.ts';
import { readOperations } from './operations.ts';
import { randomOf } from './random.ts';
import { createRunners } from './runners.ts';
import type { Asking, Seen } from './seen.ts';
import { createStreams } from './streams.ts';
import { summaryOf } from './summary.ts';
import type { Turn } from './turn.ts';

export type Plan = {
  readonly url: string;
  readonly seed: number;
  readonly calls: number;
  readonly leaseMs: number;
  readonly projects: Record<Side, string>;
  readonly clients: Turn['clients'];
};

export type Walked = {
  readonly judging: Judging;
  readonly turnAt: (step: number) => Turn;
};

/** Number of concurrent callers. */
const LANES = 6;

export function prepareWalk({ url, seed, leaseMs, projects, clients }: Plan): Walked {
  const [operations, memory, catalogue, book] = [readOperations(), openMemory(projects), openCatalogue(), openBook()];
  const judging: Judging = { book, memory, catalogue, operations, leaseMs };
  const keyed: Seen[] = [];
  const tell = (seen: Seen): void => {
    hear(judging, seen);
    if (seen.asking.idempotencyKey !== undefined && seen.status < 300) keyed.push(seen);
  };
  const caller = createCaller({
    url,
    operations,
    book,
    tell,
    sending: (operation, asking) => noteEnding(memory, operation, asking),
  });
  const [runners, streams] = [createRunners(), createStreams(url, operations)];
  const turnAt = (step: number): Turn => ({
    ...{
      step,
      random: randomOf(seed, step),
      ask: caller(step),
      clients,
      memory,
      catalogue,
      operations,
      runners,
      streams,
    },
    recentlyKeyed: (most) => keyed.slice(-most),
  });
  return { judging, turnAt };
}

/** Notes a finish in flight, because it may have ended its process before its response arrives. */
function noteEnding({ ending }: Memory, operation: string, { params = {} }: Asking): () => void {
  if (operation !== 'finishTurn') return () => {};
  const id = params.processId ?? '';
  ending.set(id, (ending.get(id) ?? 0) + 1);
  return () => void ending.set(id, (ending.get(id) ?? 1) - 1);
}

/** Takes steps in several lanes until enough calls were made. */
export async function walk(prepared: Walked, { calls }: Plan): Promise<number> {
  const { book, operations } = prepared.judging;
  let step = 0;
  const lane = async (): Promise<void> => {
    while (book.calls.length < calls) {
      step += 1;
      await takeStep(prepared.turnAt(step));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  // A short walk may miss a rare operation, so every move is repeated until each operation was called.
  for (let round = 1; round <= LEAST_ROUNDS || (missesOne() && round <= MOST_ROUNDS); round += 1) {
    for (const move of [...MOVES.map(([, one]) => one), readEverything]) {
      step += 1;
      await move(prepared.turnAt(step));
    }
  }
  return step;

  function missesOne(): boolean {
    return summaryOf(book, operations).neverAsked.length > 0;
  }
}

const LEAST_ROUNDS = 3;
const MOST_ROUNDS = 20;

async function takeStep(turn: Turn): Promise<void> {
  const runner = turn.random.chance(0.6) ? turn.runners.due(turn.step) : undefined;
  if (runner !== undefined) return await runnerMove(turn, runner);
  await turn.random.weighted(MOVES)(turn);
}
