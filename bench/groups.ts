import { writeFile } from 'node:fs/promises';
import { UsageError } from './arguments.ts';
import { ONE_AT_A_TIME, openBenchWorld } from './bench-world.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { type GroupLoad, groupLoads } from './groups/loads.ts';
import { onBenchServer } from './on-bench-server.ts';
import { type PairedRates, type PairedSide, pairedRates, spreadOf, tableLine } from './paired/paired-rates.ts';
import { type PairedArguments, readArguments } from './paired/read-arguments.ts';

/**
 * Measures what it gains to send writes that arrive at the same time as one statement: the same operations on one
 * database, each write in a statement of its own and in groups, in alternation. Exits with 1 if a gain is missed.
 */
async function measureLoad(load: GroupLoad, url: string, given: PairedArguments): Promise<PairedRates> {
  await using world = await openBenchWorld(url);
  const side = async (groups?: typeof ONE_AT_A_TIME): Promise<PairedSide> => ({
    settle: world.settle,
    operation: await load.prepare(world, await world.guard(load.strategy, groups && { groups }), load.clients),
  });
  return await pairedRates([await side(ONE_AT_A_TIME), await side()], { ...given, clients: load.clients });
}

async function run(adminUrl: string, given: PairedArguments): Promise<void> {
  console.log(`${given.rounds} rounds of ${given.seconds} s for each\n`);
  console.log(
    tableLine('benchmark', ['clients', 'alone/s', 'groups/s', 'ratio', 'least', 'most', 'p99 alone', 'p99 groups']),
  );
  const rows: (PairedRates & { readonly name: string; readonly clients: number })[] = [];
  for (const load of groupLoads(given.clients)) {
    await using database = await createBenchDatabase(adminUrl);
    const rates = await measureLoad(load, database.url, given);
    const { name, clients, goal } = load;
    rows.push({ name, clients, ...rates });
    const [before, after] = [rates.before, rates.after].map((rate) => rate.toFixed(0));
    const p99 = [rates.p99Ms.before, rates.p99Ms.after].map((ms) => `${ms.toFixed(1)} ms`);
    console.log(tableLine(name, [String(clients), before ?? '', after ?? '', ...spreadOf(rates), ...p99]));
    if (rates.ratio < goal) {
      console.log(`  below the goal of ${goal}`);
      process.exitCode = 1;
    }
  }
  if (given.json !== undefined) await writeFile(given.json, `${JSON.stringify(rows, null, 2)}\n`);
}

try {
  const given = readArguments('bench:groups', process.argv.slice(2));
  await onBenchServer((adminUrl) => run(adminUrl, given));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench:groups: ${error.message}`);
  process.exitCode = 64;
}
