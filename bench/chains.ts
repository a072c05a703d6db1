import { writeFile } from 'node:fs/promises';
import { UsageError } from './arguments.ts';
import { type BenchWorld, ONE_AT_A_TIME, openBenchWorld } from './bench-world.ts';
import { migrationsBefore } from './chains/migrations-before.ts';
import { reportingTurn } from './chains/reporting-turn.ts';
import { createBenchDatabase } from './fresh-database.ts';
import type { Operation } from './measure.ts';
import { onBenchServer } from './on-bench-server.ts';
import { type PairedRates, type PairedSide, pairedRates, spreadOf, tableLine } from './paired/paired-rates.ts';
import { type PairedArguments, readArguments } from './paired/read-arguments.ts';
import { replaceScenario } from './scenarios/replace.ts';
import { turnScenario } from './scenarios/turn.ts';

/**
 * Measures what the chains of events cost: the same operations of this release on a database with the schema before the
 * chains and on one with them, in alternation on one server. Exits with 1 if a loss is above the limit.
 */
const FIRST_WITH_CHAINS = '0023';
const LARGEST_LOSS = 0.05;

type Load = {
  readonly name: string;
  /** Whether the limit holds for it. */
  readonly limited: boolean;
  prepare(world: BenchWorld, clients: number): Promise<Operation>;
};

const operationOf = async (scenario: Promise<{ readonly ours: unknown }>): Promise<Operation> => {
  const { ours } = await scenario;
  if (!isOperation(ours)) throw new Error('the scenario has no operation');
  return ours;
};
const isOperation = (value: unknown): value is Operation => typeof value === 'function';

const LOADS: readonly Load[] = [
  {
    name: 'replace, distinct keys',
    limited: true,
    prepare: (world, clients) => operationOf(replaceScenario(world, { strategy: 'optimistic', clients })),
  },
  {
    name: 'turn, begun and finished',
    limited: true,
    prepare: (world, clients) => operationOf(turnScenario(world, clients)),
  },
  { name: 'turn that reports an id, 40 log lines and usage', limited: false, prepare: reportingTurn },
];

type ChainsRow = PairedRates & { readonly name: string; readonly clients: number };

async function measureLoad(load: Load, urls: readonly [string, string], given: PairedArguments): Promise<ChainsRow> {
  await using worlds = new AsyncDisposableStack();
  const side = async (url: string): Promise<PairedSide> => {
    // Groups need functions that came after the chains.
    const world = worlds.use(await openBenchWorld(url, { groups: ONE_AT_A_TIME }));
    return { settle: world.settle, operation: await load.prepare(world, given.clients) };
  };
  const rates = await pairedRates([await side(urls[0]), await side(urls[1])], given);
  return { name: load.name, clients: given.clients, ...rates };
}

const rowLine = (row: ChainsRow): string =>
  tableLine(row.name, [String(row.clients), row.before.toFixed(0), row.after.toFixed(0), ...spreadOf(row)]);

async function run(adminUrl: string, owned: AsyncDisposableStack, given: PairedArguments): Promise<void> {
  const earlier = owned.use(await migrationsBefore(FIRST_WITH_CHAINS));
  console.log(`${given.rounds} rounds of ${given.seconds} s for each; a ratio below 1 is the cost of the chains\n`);
  console.log(tableLine('benchmark', ['clients', 'without/s', 'with/s', 'ratio', 'least', 'most']));
  const rows: ChainsRow[] = [];
  for (const load of LOADS) {
    // Databases of their own, so that the rows of one load do not slow the next.
    await using without = await createBenchDatabase(adminUrl, earlier.url);
    await using withChains = await createBenchDatabase(adminUrl);
    const row = await measureLoad(load, [without.url, withChains.url], given);
    rows.push(row);
    console.log(rowLine(row));
    if (load.limited && row.ratio < 1 - LARGEST_LOSS) {
      console.log(`  above the limit of ${LARGEST_LOSS * 100} %`);
      process.exitCode = 1;
    }
  }
  if (given.json !== undefined) await writeFile(given.json, `${JSON.stringify(rows, null, 2)}\n`);
}

try {
  const given = readArguments('bench:chains', process.argv.slice(2));
  await onBenchServer((adminUrl, owned) => run(adminUrl, owned, given));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench:chains: ${error.message}`);
  process.exitCode = 64;
}
