import { parseArgs } from 'node:util';

export type BenchArguments = {
  readonly json: string | undefined;
  readonly only: RegExp | undefined;
  readonly seconds: number;
  readonly rounds: number;
  readonly peers: boolean;
};

export const USAGE = `usage: bench [--only PATTERN] [--seconds N] [--rounds N] [--peers] [--json FILE]

  --only PATTERN   measures only the rows whose name matches this regular expression
  --seconds N      how long each measurement takes (2)
  --rounds N       number of rounds: each measures the floor, then phaselock; the median is reported (3)
  --peers          also measures pg-boss and graphile-worker on the same server
  --json FILE      writes the rows as JSON`;

const LONGEST_SECONDS = 600;
const MOST_ROUNDS = 99;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const options = {
  json: { type: 'string' },
  only: { type: 'string' },
  seconds: { type: 'string', default: '2' },
  rounds: { type: 'string', default: '3' },
  peers: { type: 'boolean', default: false },
} as const;

export function readArguments(argv: readonly string[]): BenchArguments {
  const { json, only, peers, ...numbers } = orUsageError(() => parseArgs({ args: [...argv], options })).values;
  const seconds = Number(numbers.seconds);
  if (!(seconds > 0 && seconds <= LONGEST_SECONDS))
    throw new UsageError(`--seconds must be more than 0 and at most ${LONGEST_SECONDS}`);
  const rounds = Number(numbers.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MOST_ROUNDS)
    throw new UsageError(`--rounds must be a whole number from 1 to ${MOST_ROUNDS}`);
  return { json, only: only === undefined ? undefined : orUsageError(() => new RegExp(only)), seconds, rounds, peers };
}

function orUsageError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
