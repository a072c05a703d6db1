import { parseArgs } from 'node:util';
import type { DatabaseKeeper } from './world/postgres-server.ts';

export type ChaosArguments = {
  readonly seed: number;
  readonly minutes: number;
  readonly clients: number;
  /** Which faults: all, none, or those whose name holds a text. */
  readonly faults: 'all' | 'none' | { readonly named: string };
  readonly without: readonly string[];
  readonly folder: string | undefined;
  readonly report: string | undefined;
  readonly tolerate: readonly string[];
  readonly keeper: DatabaseKeeper;
  readonly slowestMs: number;
  readonly mutants: boolean;
};

export const USAGE = `usage: chaos [--minutes N] [--seed N] [--clients N] [--faults all|none|TEXT] [--without TEXT,…] [--folder DIR]
             [--report FILE] [--tolerate RULE,…] [--database campaign|api] [--slowest MS]
             [--mutants]

  --minutes N      how long the clients work (2)
  --seed N         what the clients and faults do; one is chosen and printed unless given
  --clients N      programs at work at once (24)
  --faults TEXT    all of them (all), none, or those whose name holds the text
  --without TEXT,… no faults whose name holds one of these
  --folder DIR     where the history and the logs of the processes go; kept. Unless given: one in the temporary directory
  --report FILE    writes the report as Markdown, too
  --tolerate RULE  rules whose findings are told and do not fail the run
  --database WHO   who starts PostgreSQL again after it was killed: the campaign (campaign), or the API processes, which then share the
                   embedded one (api)
  --slowest MS     no answer may take longer, except while the way of the answer itself is broken (20000)
  --mutants        instead: takes guards out of the schema one by one; the campaign must find each`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const options = {
  minutes: { type: 'string', default: '2' },
  seed: { type: 'string' },
  clients: { type: 'string', default: '24' },
  faults: { type: 'string', default: 'all' },
  without: { type: 'string', default: '' },
  folder: { type: 'string' },
  report: { type: 'string' },
  tolerate: { type: 'string', default: '' },
  database: { type: 'string', default: 'campaign' },
  slowest: { type: 'string', default: '20000' },
  mutants: { type: 'boolean', default: false },
} as const;

const LONGEST_MINUTES = 24 * 60;
const MOST_CLIENTS = 500;
const LARGEST_SEED = 2 ** 32 - 1;
const LONGEST_ANSWER_MS = 600_000;

export function readArguments(argv: readonly string[]): ChaosArguments {
  const given = argv.filter((arg) => arg !== '--');
  const { values } = orUsageError(() => parseArgs({ args: given, options }));
  const { faults, without, folder, report, tolerate, database, mutants } = values;
  if (database !== 'campaign' && database !== 'api') throw new UsageError('--database is campaign or api');
  return {
    minutes: numberIn('--minutes', values.minutes, 0.05, LONGEST_MINUTES),
    seed: wholeIn('--seed', values.seed ?? String(Math.floor(Math.random() * 1_000_000)), 0, LARGEST_SEED),
    clients: wholeIn('--clients', values.clients, 1, MOST_CLIENTS),
    slowestMs: wholeIn('--slowest', values.slowest, 1, LONGEST_ANSWER_MS),
    faults: faults === 'all' || faults === 'none' ? faults : { named: faults },
    without: listOf(without),
    folder,
    report,
    tolerate: listOf(tolerate),
    keeper: database,
    mutants,
  };
}

const listOf = (text: string): string[] => text.split(',').filter((part) => part !== '');

function numberIn(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw new UsageError(`${name} is a number from ${least} to ${most}`);
}

function wholeIn(name: string, text: string, least: number, most: number): number {
  const value = numberIn(name, text, least, most);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${name} is a whole number from ${least} to ${most}`);
}

function orUsageError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
