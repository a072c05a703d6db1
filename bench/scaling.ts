import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { UsageError } from './arguments.ts';
import { modelOf, openBenchWorld, slotOf } from './bench-world.ts';
import { cpuSecondsOf, ownCpuSeconds } from './cpu-seconds.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { reading, replacing } from './http-clients.ts';
import { type HttpClient, httpLoad } from './http-load.ts';
import { median } from './measure.ts';
import { onBenchServer } from './on-bench-server.ts';
import { processesOfPostgres } from './processes-of-postgres.ts';
import { openWays, type Way } from './scaling/open-ways.ts';
import { readArguments, type ScalingArguments } from './scaling/read-arguments.ts';
import { PARTS, type Part, type ScalingRow, tableOf } from './scaling/table-of.ts';

/**
 * Measures the gain of a second processor: one process, several workers and several replicas under the same load, in
 * alternation.
 */
type Load = { readonly name: string; readonly client: (index: number) => HttpClient };
type Sample = { readonly opsPerSecond: number; readonly p99Ms: number; readonly cores: Readonly<Record<Part, number>> };

async function measureAll(
  adminUrl: string,
  owned: AsyncDisposableStack,
  given: ScalingArguments,
): Promise<ScalingRow[]> {
  const { rounds, seconds, clients } = given;
  const database = owned.use(await createBenchDatabase(adminUrl));
  const world = owned.use(await openBenchWorld(database.url));
  const { key, ways, notes } = await openWays(database.url, owned);
  for (const note of notes) console.log(note);
  const guard = await world.guard('pessimistic', { invalidation: 'postgres' });
  const tasks = await world.tasks(clients);
  for (const taskId of tasks) await guard.start({ ...slotOf(taskId), model: modelOf(0) });
  const taskOf = (index: number) => {
    const taskId = tasks[index % tasks.length];
    if (taskId === undefined) throw new Error('the benchmark has no task');
    return taskId;
  };
  const loads: Load[] = [
    { name: 'latest session', client: (at) => reading(`/v1/tasks/${taskOf(at)}/sessions/latest?phase=run`)() },
    { name: 'confirmed replace', client: (at) => replacing(taskOf(at)) },
  ];

  const sample = async (way: Way, load: Load): Promise<Sample> => {
    await world.settle();
    const spent = async (): Promise<Record<Part, number>> => ({
      api: cpuSecondsOf(way.api),
      postgresql: cpuSecondsOf(await processesOfPostgres(world.database)),
      nginx: cpuSecondsOf(way.nginx),
      load: ownCpuSeconds(),
    });
    const [before, began] = [await spent(), performance.now()];
    const { opsPerSecond, p99Ms } = await httpLoad({ url: way.url, key, client: load.client }).run(clients, seconds);
    const [after, took] = [await spent(), (performance.now() - began) / 1_000];
    const cores = (part: Part): number => (after[part] - before[part]) / took;
    return {
      opsPerSecond,
      p99Ms,
      cores: { api: cores('api'), postgresql: cores('postgresql'), nginx: cores('nginx'), load: cores('load') },
    };
  };

  const rows: ScalingRow[] = [];
  for (const load of loads) {
    const seen = new Map<Way, Sample[]>(ways.map((way) => [way, []]));
    // One warm-up round compiles code and opens connections.
    for (const way of ways) await sample(way, load);
    for (let round = 0; round < rounds; round += 1) {
      // The first way rotates from round to round.
      for (let turn = 0; turn < ways.length; turn += 1) {
        const way = ways[(round + turn) % ways.length];
        if (way !== undefined) seen.get(way)?.push(await sample(way, load));
      }
    }
    const [first = []] = seen.values();
    for (const [way, samples] of seen) rows.push(rowOf(way.name, load.name, samples, first));
  }
  return rows;
}

function rowOf(way: string, load: string, samples: readonly Sample[], first: readonly Sample[]): ScalingRow {
  const ratios = samples.map(({ opsPerSecond }, round) => opsPerSecond / (first[round]?.opsPerSecond ?? Number.NaN));
  const of = (figure: (one: Sample) => number): number => median(samples.map(figure));
  return {
    load,
    way,
    opsPerSecond: Math.round(of(({ opsPerSecond }) => opsPerSecond)),
    p99Ms: of(({ p99Ms }) => p99Ms),
    ratio: { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) },
    cores: {
      api: of(({ cores }) => cores.api),
      postgresql: of(({ cores }) => cores.postgresql),
      nginx: of(({ cores }) => cores.nginx),
      load: of(({ cores }) => cores.load),
    },
  };
}

try {
  const given = readArguments(process.argv.slice(2));
  await onBenchServer(async (adminUrl, owned) => {
    const measuredAt = new Date().toISOString();
    const rows = await measureAll(adminUrl, owned, given);
    console.log(`${availableParallelism()} processors, shared by all of ${PARTS.join(', ')} (${cpus()[0]?.model})`);
    for (const line of tableOf(rows)) console.log(line);
    const { json, ...how } = given;
    if (json !== undefined)
      await writeFile(
        json,
        `${JSON.stringify({ measuredAt, processors: availableParallelism(), cpuModel: cpus()[0]?.model ?? 'unknown', ...how, rows }, null, 2)}\n`,
      );
  });
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 64;
}
