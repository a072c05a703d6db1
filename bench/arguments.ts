import { parseArgs } from 'node:util';

export type BenchArguments = {
  readonly json: string | undefined;
  readonly only: RegExp | undefined;
  readonly seconds: number;
  readonly rounds: number;
  readonly peers: boolean;
};

export const USAGE = `usage: bench [--only PATTERN] [--seconds N] [--rounds N] [--peers] [--json FILE]

  --only PATTERN   only what matches this regular expression
  --seconds N      how long each measurement takes (2)
  --rounds N       rounds of floor and ours by turns; the median counts (3)
  --peers          pg-boss and graphile-worker on the same server, too
  --json FILE      the rows as JSON`;

const LONGEST_SECONDS = 600;

/** Undefined for what the usage text answers. */
export function readArguments(argv: readonly string[]): BenchArguments | undefined {
  const options = {
    json: { type: 'string' },
    only: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    peers: { type: 'boolean' },
  } as const;
  try {
    const { values } = parseArgs({ args: [...argv], options });
    const seconds = Number(values.seconds ?? 2);
    const rounds = Number(values.rounds ?? 3);
    if (!(seconds > 0 && seconds <= LONGEST_SECONDS) || !Number.isInteger(rounds) || rounds < 1 || rounds > 99)
      return undefined;
    const only = values.only === undefined ? undefined : new RegExp(values.only);
    return { json: values.json, only, seconds, rounds, peers: values.peers ?? false };
  } catch {
    return undefined;
  }
}
