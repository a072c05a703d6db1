import { parseArgs } from 'node:util';
import { isScenario, SCENARIOS, type ScenarioName, startsItsOwn } from './scenarios.ts';

/** The product under load: one that the run starts, or one that already runs. */
export type Target =
  | { readonly kind: 'self'; readonly apis: number; readonly workers: number; readonly sessions: number }
  | {
      readonly kind: 'address';
      readonly urls: readonly string[];
      readonly keyFile: string;
      readonly databaseUrl: string | undefined;
    };

export type RunCommand = {
  readonly kind: 'run';
  readonly scenario: ScenarioName;
  readonly target: Target;
  readonly durationSeconds: number | undefined;
  readonly users: number | undefined;
  readonly rate: number | undefined;
  readonly out: string | undefined;
  readonly allowRemote: boolean;
};

export type Command =
  | RunCommand
  | { readonly kind: 'compare'; readonly before: string; readonly after: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'report' }
  | { readonly kind: 'keep'; readonly folder: string };

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `usage: load SCENARIO --self [--apis N] [--workers N] [--sessions 10k|100k|1M|5M]
       load SCENARIO --url URL[,URL] --key-file FILE [--database-url URL] [--allow-remote]
            [--duration 60s] [--users N] [--rate N] [--out DIR]
       load compare A B      two result.json or their folders
       load report           writes docs/load.md and docs/scaling.md from loadtests/results
       load keep DIR         keeps DIR/result.json as loadtests/results/SCENARIO.json

scenarios: ${Object.keys(SCENARIOS).join(', ')}

  --self             starts PostgreSQL, Redis, the API and everything else the scenario needs, and stops it again
  --apis N           number of API processes (1; recovery: 2)
  --workers N        worker processes of each API (1)
  --sessions N       data-size only: sessions in the database before the run (10k)
  --url URL,…        addresses of running services to test
  --key-file FILE    file with a key that may read, write and replace
  --database-url U   database of these services, to check its rows too
  --allow-remote     allows services on other machines
  --duration 60s     duration in s, m or h (default: set by the scenario)
  --users N          concurrent users (default: set by the scenario)
  --rate N           arrivals per second besides them (default: set by the scenario)
  --out DIR          folder of the run (default: a new one in .phaselock/load)

exit: 0 passed · 1 could not run · 2 the proof failed · 3 a limit was missed · 64 usage · 130 and 143 interrupted (SIGINT, SIGTERM)`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const OPTIONS = {
  self: flag,
  apis: text,
  workers: text,
  sessions: text,
  url: text,
  'key-file': text,
  'database-url': text,
  'allow-remote': flag,
  duration: text,
  users: text,
  rate: text,
  out: text,
  help: { type: 'boolean', short: 'h' },
} as const;

const parse = (argv: readonly string[]) => parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
/** Reads `--users -1` as an invalid value rather than as an option named 1. */
const withValues = (argv: readonly string[]): readonly string[] =>
  argv.flatMap((arg, at) => {
    if (isValueOf(arg, argv[at - 1])) return [];
    const next = argv[at + 1] ?? '';
    return isValueOf(next, arg) ? [`${arg}=${next}`] : [arg];
  });
const isValueOf = (arg: string, before = ''): boolean => /^-\d/.test(arg) && /^--[a-z-]+$/.test(before);

type Values = ReturnType<typeof parse>['values'];
type Flag = keyof typeof OPTIONS;

const OF_SELF: readonly Flag[] = ['apis', 'workers', 'sessions'];
const OF_ADDRESS: readonly Flag[] = ['key-file', 'database-url', 'allow-remote'];
const LOCAL_HOSTS: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];
const LONGEST_SECONDS = 24 * 3_600;
const MOST_SESSIONS = 20_000_000;

export function readArguments(argv: readonly string[]): Command {
  const { values, positionals } = orUsageError(() => parse(withValues(argv.filter((arg) => arg !== '--'))));
  if (values.help === true) return { kind: 'help' };
  const [verb, ...rest] = positionals;
  if (verb === undefined) throw new UsageError('name a scenario');
  if (verb === 'compare' || verb === 'report' || verb === 'keep') {
    const [odd] = Object.keys(values);
    if (odd !== undefined) throw new UsageError(`${verb} takes no --${odd}`);
    return aboutResults(verb, rest);
  }
  if (!isScenario(verb)) throw new UsageError(`there is no scenario ${verb}`);
  if (rest[0] !== undefined) throw new UsageError(`${rest[0]} is not expected here`);
  return {
    kind: 'run',
    scenario: verb,
    target: targetOf(verb, values),
    durationSeconds: values.duration === undefined ? undefined : seconds(values.duration),
    users: values.users === undefined ? undefined : whole('--users', values.users, 1, 100_000),
    rate: values.rate === undefined ? undefined : whole('--rate', values.rate, leastRate(verb), 1_000_000),
    out: values.out,
    allowRemote: values['allow-remote'] === true,
  };
}

/** Faults and purge periods start at the first arrival, so they need a rate of at least 1. */
const leastRate = (scenario: ScenarioName): number => {
  const { faults, purge } = SCENARIOS[scenario];
  return faults || purge ? 1 : 0;
};

function aboutResults(verb: 'compare' | 'report' | 'keep', rest: readonly string[]): Command {
  const [first, second, ...more] = rest;
  switch (verb) {
    case 'compare':
      if (first === undefined || second === undefined || more.length > 0)
        throw new UsageError('compare takes two runs');
      return { kind: 'compare', before: first, after: second };
    case 'report':
      if (first !== undefined) throw new UsageError('report takes no arguments');
      return { kind: 'report' };
    case 'keep':
      if (first === undefined || second !== undefined) throw new UsageError('keep takes the folder of one run');
      return { kind: 'keep', folder: first };
  }
}

function targetOf(scenario: ScenarioName, values: Values): Target {
  const { self = false, url } = values;
  const needs = SCENARIOS[scenario];
  if (self === (url !== undefined)) throw new UsageError('one of --self and --url has to be given');
  refuse(values, self ? OF_ADDRESS : OF_SELF, self ? '--self' : '--url');
  if (url === undefined) {
    if (values.sessions !== undefined && !needs.board) throw new UsageError(`${scenario} takes no --sessions`);
    const apis = whole('--apis', values.apis ?? String(needs.apis), 1, 16);
    if (needs.faults && apis < 2)
      throw new UsageError(`${scenario} kills one API while another serves: --apis 2 or more`);
    return {
      kind: 'self',
      apis,
      workers: whole('--workers', values.workers ?? '1', 1, 64),
      sessions: needs.board ? sessionCount(values.sessions ?? '10k') : 0,
    };
  }
  if (startsItsOwn(needs)) throw new UsageError(`${scenario} requires --self, because it breaks or fills the product`);
  const keyFile = values['key-file'];
  if (keyFile === undefined) throw new UsageError('--url requires --key-file');
  const urls = url.split(',').map((one) => address(one, values['allow-remote'] === true));
  return { kind: 'address', urls, keyFile, databaseUrl: databaseUrl(values['database-url']) };
}

function refuse(values: Values, names: readonly Flag[], beside: string): void {
  const odd = names.find((name) => values[name] !== undefined);
  if (odd !== undefined) throw new UsageError(`--${odd} does not go with ${beside}`);
}

function address(given: string, allowRemote: boolean): string {
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw new UsageError(`--url takes addresses such as http://127.0.0.1:4700, not ${given}`);
  if (!allowRemote && !LOCAL_HOSTS.includes(url.hostname))
    throw new UsageError(`${given} is not on this machine; --allow-remote allows it`);
  return url.origin;
}

function databaseUrl(given: string | undefined): string | undefined {
  if (given === undefined || /^postgres(ql)?:$/.test(URL.parse(given)?.protocol ?? '')) return given;
  throw new UsageError('--database-url takes an address such as postgres://user@host/database');
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

function seconds(given: string): number {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(given) ?? [];
  const found = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (found >= 1 && found <= LONGEST_SECONDS) return found;
  throw new UsageError(`--duration takes a time such as 60s, 10m or 1h, not ${given}`);
}

const SIZES: Readonly<Record<string, number>> = { '': 1, k: 1_000, M: 1_000_000 };

function sessionCount(given: string): number {
  const [, count, unit = ''] = /^(\d+)([kM]?)$/.exec(given) ?? [];
  const found = Number(count) * (SIZES[unit] ?? Number.NaN);
  if (found >= 1_000 && found <= MOST_SESSIONS) return found;
  throw new UsageError(`--sessions takes a count from 1k to 20M such as 10k, 1M or 5M, not ${given}`);
}

function whole(name: string, given: string, least: number, most: number): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= least && value <= most) return value;
  throw new UsageError(`${name} must be a whole number from ${least} to ${most}`);
}

function orUsageError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // Drops the rest of the message, which advises how to pass a file name that begins with a dash.
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new UsageError(first);
  }
}
