import { resolve } from 'node:path';
import { eventually, type SpawnedNode, spawnNode } from '@phaselock/testkit';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

/** The fields of the log line "worker-started". */
type StartedWorker = {
  readonly number: number;
  readonly pid: number;
  readonly metricsPort: number;
  readonly restarts: number;
};

export type Program = AsyncDisposable & {
  readonly process: SpawnedNode;
  readonly url: string;
  /** All workers ever started, in the order in which they became ready. */
  started(): readonly StartedWorker[];
  /** The current workers, by their number. */
  running(): readonly StartedWorker[];
  /** Resolves when each worker has been restarted this often. */
  until(restarts: Readonly<Record<number, number>>): Promise<void>;
  /** The number of log lines with this action. */
  told(action: string): number;
};

type Line = { readonly action: string; readonly worker: StartedWorker };

function readLine(line: string): Line | undefined {
  if (!line.startsWith('{')) return undefined;
  const fields = new Map<string, unknown>(Object.entries(Object(JSON.parse(line))));
  const count = (name: string): number => Number(fields.get(`phaselock.worker.${name}`));
  const worker = {
    number: count('number'),
    pid: count('pid'),
    metricsPort: count('metrics_port'),
    restarts: count('restarts'),
  };
  return { action: String(fields.get('event.action')), worker };
}

/** Starts a program with two workers as from the command line, and reads their state from its log. */
export async function startWorkers(env: NodeJS.ProcessEnv): Promise<Program> {
  const program = spawnWorkers(env);
  const [, url = ''] = await program.waitForLine(/is up at (\S+)/);
  const lines = (): Line[] => program.lines.flatMap((line) => readLine(line) ?? []);
  const started = (): StartedWorker[] =>
    lines().flatMap(({ action, worker }) => (action === 'worker-started' ? [worker] : []));
  const running = (): StartedWorker[] =>
    [...new Map(started().map((worker) => [worker.number, worker])).values()].toSorted((a, b) => a.number - b.number);
  const until: Program['until'] = async (restarts) => {
    const isBack = ([number, least]: [string, number]): boolean =>
      running().some((worker) => worker.number === Number(number) && worker.restarts >= least);
    await eventually(() => Object.entries(restarts).every(isBack), { withinMs: 60_000 });
  };
  await until({ 1: 0, 2: 0 });
  return {
    process: program,
    url,
    started,
    running,
    until,
    told: (action) => lines().filter((line) => line.action === action).length,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** The same without waiting, for programs that may fail to start. */
export const spawnWorkers = (env: NodeJS.ProcessEnv): SpawnedNode =>
  spawnNode(MAIN, {
    env: {
      PHASELOCK_WORKERS: '2',
      PHASELOCK_PORT: '0',
      PHASELOCK_METRICS_PORT: '0',
      PHASELOCK_RATE_LIMIT: '0',
      // Other tests may keep the machine busy; that must not count as an overload here.
      PHASELOCK_MAX_EVENT_LOOP_DELAY_MS: '60000',
      ...env,
    },
  });

export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
