import type { KnownProcess } from './memory.ts';
import type { Random } from './random.ts';
import type { Client } from './seen.ts';

export type Act = 'heartbeat' | 'report' | 'usage' | 'logs' | 'finish';

/** A client that runs an agent: its planned actions, each with the step at which it is due. */
export type Runner = {
  readonly client: Client;
  readonly process: KnownProcess;
  readonly agentId: string;
  readonly acts: { readonly act: Act; readonly due: number }[];
  busy: boolean;
};

export type Runners = {
  readonly all: Runner[];
  take(process: KnownProcess, client: Client, random: Random): void;
  /** An idle runner with a due action, the longest waiting first. */
  due(step: number): Runner | undefined;
};

/** Maximum steps between two heartbeats; normally much less than a lease. */
const PACE = 15;
/** A pause after which the lease has certainly lapsed and others may continue. */
const SILENCE = 500;

export function createRunners(): Runners {
  const all: Runner[] = [];
  return {
    all,
    take: (process, client, random) => {
      if (all.some((runner) => runner.process.id === process.id)) return;
      // Depending on the agent, resuming keeps the conversation's id or creates a new one.
      const agentId = process.passed !== undefined && random.chance(0.5) ? process.passed : `agent-${process.step}`;
      all.push({ client, process, agentId, acts: actsOf(process.step, random), busy: false });
    },
    due: (step) =>
      all
        .filter(({ acts, busy }) => !busy && acts[0] !== undefined && acts[0].due <= step)
        .toSorted((a, b) => (a.acts[0]?.due ?? 0) - (b.acts[0]?.due ?? 0))[0],
  };
}

function actsOf(step: number, random: Random): { act: Act; due: number }[] {
  const acts: { act: Act; due: number }[] = [];
  let due = step;
  const plan = (act: Act, after: number): void => {
    due += after;
    acts.push({ act, due });
  };
  const isEarlyWithItsId = random.chance(0.6);
  for (let beat = 1 + random.below(5); beat > 0; beat -= 1) {
    plan('heartbeat', 1 + random.below(PACE));
    if (isEarlyWithItsId && acts.length === 1) plan('report', 1);
    if (random.chance(0.4)) plan(random.pick<Act>(['usage', 'logs', 'logs', 'report']), 1 + random.below(3));
  }
  if (random.chance(0.2)) {
    plan(random.pick<Act>(['heartbeat', 'logs', 'report', 'usage', 'finish']), SILENCE + random.below(SILENCE));
    plan(random.pick<Act>(['heartbeat', 'logs', 'report']), 1);
  }
  // Some runners never finish.
  if (random.chance(0.93)) plan('finish', 1 + random.below(PACE));
  return acts;
}
