import { parseArgs } from 'node:util';
import type { DatabaseKeeper } from './world/postgres-server.ts';

export type ChaosArguments = {
  readonly seed: number;
  readonly minutes: number;
  readonly clients: number;
  /** All faults, none, or those whose name contains a text. */
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
  --seed N         fixes the choices of clients and faults; random unless given, and printed
  --clients N      number of concurrent clients (24)
  --faults TEXT    all faults (all), none, or those whose name contains the text
  --without TEXT,… leaves out faults whose name contains one of these texts
  --folder DIR     folder for the history and the process logs, which is kept (default: a new temporary folder)
  --report FILE    also writes the report to a Markdown file
  --tolerate RULE  reports the findings of these rules without failing the run
  --database WHO   restarts PostgreSQL after a kill: the campaign (campaign), or the API processes, which then share
                   the embedded server (api)
  --slowest MS     longest response time allowed while no fault slows responses (20000)
  --mutants        removes guards from the schema one by one, and checks that the campaign detects each removal`;

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
  if (database !== 'campaign' && database !== 'api') throw new UsageError('--database must be campaign or api');
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
  throw new UsageError(`${name} must be a number from ${least} to ${most}`);
}

function wholeIn(name: string, text: string, least: number, most: number): number {
  const value = numberIn(name, text, least, most);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${name} must be a whole number from ${least} to ${most}`);
}

function orUsageError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
