import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { formatMs, formatNumber } from './format-value.ts';
import { RESULTS } from './keep-result.ts';
import { markdownTable } from './table-as-text.ts';

/** The figures of `bench:scaling --json` for one process, two workers and two replicas. */
const measured = z.object({
  measuredAt: z.iso.datetime(),
  processors: z.number().int().positive(),
  cpuModel: z.string(),
  rounds: z.number().int().positive(),
  seconds: z.number().positive(),
  clients: z.number().int().positive(),
  rows: z.array(
    z.object({
      load: z.string(),
      way: z.string(),
      opsPerSecond: z.number(),
      p99Ms: z.number(),
      ratio: z.object({ median: z.number(), low: z.number(), high: z.number() }),
      cores: z.object({ api: z.number(), postgresql: z.number(), nginx: z.number(), load: z.number() }),
    }),
  ),
});

export type Processes = z.infer<typeof measured>;

const FILE = 'processes/bench-scaling.json';

/** Undefined if the figures were never stored. */
export async function readProcesses(results = RESULTS): Promise<Processes | undefined> {
  const text = await readFile(join(results, FILE), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : measured.parse(JSON.parse(text));
}

export function processesSection(processes: Processes | undefined): string[] {
  if (processes === undefined)
    return [HEADING, '', `Not measured yet: run \`npx pnpm@12 bench:scaling --json loadtests/results/${FILE}\`.`, ''];
  const { measuredAt, processors, cpuModel, rounds, seconds, clients, rows } = processes;
  const used = rows.map(({ cores }) => Object.values(cores).reduce((sum, one) => sum + one, 0));
  return [
    HEADING,
    '',
    `Measured by \`npx pnpm@12 bench:scaling\` (\`loadtests/results/${FILE}\`, ${measuredAt.slice(0, 10)}): ${clients} connections, each with one request at a time, load one process, two workers and two replicas in turn, in ${rounds} rounds of ${seconds} s. The ratio compares with one process in the same round: median (lowest to highest). CPU is in cores.`,
    '',
    ...markdownTable({
      headings: ['load', 'way', 'a second', 'p99', 'ratio', 'CPU of API', 'of PostgreSQL', 'of nginx', 'of the load'],
      rows: rows.map(({ load, way, opsPerSecond, p99Ms, ratio, cores }) => [
        load,
        way,
        formatNumber(opsPerSecond),
        formatMs(p99Ms),
        `${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})`,
        ...[cores.api, cores.postgresql, cores.nginx, cores.load].map((one) => one.toFixed(2)),
      ]),
    }),
    '',
    `All programs share ${processors} processors (${cpuModel}) and together used ${Math.min(...used).toFixed(1)} to ${Math.max(...used).toFixed(1)} of them. When all processors are busy, a second process can only use what the first left idle: a ratio near 1 then means a full machine, not a useless second process. The cost of a call is the CPU divided by the calls a second.`,
    '',
  ];
}

const HEADING = '## More than one process on this machine';
