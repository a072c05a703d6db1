import { setTimeout as pause } from 'node:timers/promises';
import { memoryOf, readProcessTable, treeOf } from '@phaselock/testkit';
import type { ResourceLine } from '../run-folder.ts';
import { createMachineCount } from './count-machine.ts';
import { createCpuCount } from './count-up.ts';

/**
 * A program to sample: its name in the samples (`of`) and the pid of its root process, -1 while it does not run. Child
 * processes are counted as well, except with `alone`.
 */
export type Program = { readonly of: string; readonly pid: () => number; readonly alone?: boolean };

type Sampler = { sample(wallMs: number): readonly ResourceLine[] };

/** Memory is read at every fifth sample, because reading it for about sixty processes takes tens of milliseconds. */
const SAMPLES_A_MEMORY = 5;

export function createSampler(programs: () => readonly Program[]): Sampler {
  const counts = new Map<string, ReturnType<typeof createCpuCount>>();
  const memory = new Map<string, number>();
  const machine = createMachineCount();
  let taken = 0;
  return {
    sample: (wallMs) => {
      const table = readProcessTable();
      const readsMemory = taken % SAMPLES_A_MEMORY === 0;
      taken += 1;
      const lines = programs().flatMap(({ of, pid, alone = false }) => {
        const tree = alone ? treeOf(pid(), table).slice(0, 1) : treeOf(pid(), table);
        if (tree.length === 0) return [];
        const count = counts.get(of) ?? createCpuCount();
        counts.set(of, count);
        if (readsMemory || !memory.has(of)) memory.set(of, sum(tree.map((row) => memoryOf(row.pid))));
        const used = tree.map((row) => row.cpuSeconds + (alone ? 0 : row.endedChildrenSeconds));
        const cpuSeconds = count.count(pid(), sum(used));
        return [{ wallMs, of, cpuSeconds, memoryBytes: memory.get(of) ?? 0 }];
      });
      const others = machine(sum([...counts.values()].map((count) => count.total())));
      return [...lines, ...others.map((line) => ({ wallMs, ...line, memoryBytes: 0 }))];
    },
  };
}

const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);

const EVERY_MS = 1_000;

export type SamplingOptions = {
  readonly programs: () => readonly Program[];
  readonly write: (line: ResourceLine) => void;
  readonly say: (line: string) => void;
};

/** Samples the programs and the rest of the machine once a second until it is disposed of. */
export function sampleResources({ programs, write, say }: SamplingOptions): AsyncDisposable {
  const ending = new AbortController();
  const sampling = async () => {
    if (process.platform !== 'linux') return say('CPU and memory are not sampled: that requires /proc of Linux');
    const sampler = createSampler(programs);
    const began = performance.now();
    for (let nth = 1; !ending.signal.aborted; nth += 1) {
      for (const line of sampler.sample(Date.now())) write(line);
      const waitMs = Math.max(0, began + nth * EVERY_MS - performance.now());
      await pause(waitMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const done = sampling();
  return {
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await done;
    },
  };
}
