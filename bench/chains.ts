import { writeFile } from 'node:fs/promises';
import { UsageError } from './arguments.ts';
import { type BenchWorld, openBenchWorld } from './bench-world.ts';
import { migrationsBefore } from './chains/migrations-before.ts';
import { type ChainsArguments, readArguments } from './chains/read-arguments.ts';
import { reportingTurn } from './chains/reporting-turn.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { measure, median, type Operation } from './measure.ts';
import { onBenchServer } from './on-bench-server.ts';
import { replaceScenario } from './scenarios/replace.ts';
import { turnScenario } from './scenarios/turn.ts';

/**
 * Measures what the chains of events cost: the same operations of this release on a database with the schema before the
 * chains and on one with them, in alternation on one server. Exits with 1 if a loss is above the limit.
 */
const FIRST_WITH_CHAINS = '0023';
const LARGEST_LOSS = 0.05;
const WARM_UP_SECONDS = 2;

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

type Side = { readonly world: BenchWorld; readonly operation: Operation; readonly rates: number[] };

type ChainsRow = {
  readonly name: string;
  readonly clients: number;
  readonly before: number;
  readonly after: number;
  /** Rate with chains divided by the rate without, of each round. */
  readonly ratios: readonly number[];
  readonly ratio: number;
};

async function measureLoad(load: Load, urls: readonly [string, string], given: ChainsArguments): Promise<ChainsRow> {
  await using worlds = new AsyncDisposableStack();
  const side = async (url: string): Promise<Side> => {
    const world = worlds.use(await openBenchWorld(url));
    return { world, operation: await load.prepare(world, given.clients), rates: [] };
  };
  const [before, after] = [await side(urls[0]), await side(urls[1])];
  for (const { operation } of [before, after]) await measure(given.clients, WARM_UP_SECONDS, operation);
  for (let round = 0; round < given.rounds; round += 1) {
    // The first of the two changes from round to round, so that neither always follows the other.
    for (const { world, operation, rates } of round % 2 === 0 ? [before, after] : [after, before]) {
      await world.settle();
      rates.push((await measure(given.clients, given.seconds, operation)).opsPerSecond);
    }
  }
  const ratios = after.rates.map((rate, round) => rate / (before.rates[round] ?? Number.NaN));
  return {
    name: load.name,
    clients: given.clients,
    before: median(before.rates),
    after: median(after.rates),
    ratios,
    ratio: median(ratios),
  };
}

const line = (name: string, cells: readonly string[]): string =>
  name.padEnd(50) + cells.map((cell) => cell.padStart(12)).join('');

const rowLine = ({ name, clients, before, after, ratio, ratios }: ChainsRow): string =>
  line(name, [
    String(clients),
    before.toFixed(0),
    after.toFixed(0),
    ratio.toFixed(3),
    Math.min(...ratios).toFixed(3),
    Math.max(...ratios).toFixed(3),
  ]);

async function run(adminUrl: string, owned: AsyncDisposableStack, given: ChainsArguments): Promise<void> {
  const earlier = owned.use(await migrationsBefore(FIRST_WITH_CHAINS));
  console.log(`${given.rounds} rounds of ${given.seconds} s for each; a ratio below 1 is the cost of the chains\n`);
  console.log(line('benchmark', ['clients', 'without/s', 'with/s', 'ratio', 'least', 'most']));
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
  const given = readArguments(process.argv.slice(2));
  await onBenchServer((adminUrl, owned) => run(adminUrl, owned, given));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench:chains: ${error.message}`);
  process.exitCode = 64;
}
