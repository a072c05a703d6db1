import { type Numbers, readNumbers } from '../read-numbers.ts';

export type ScalingArguments = Numbers<'rounds' | 'seconds' | 'clients'>;

const USAGE = `usage: bench:scaling [--rounds N] [--seconds N] [--clients N] [--json FILE]

  --rounds N    number of rounds, each measures every way, 1 to 99 (5)
  --seconds N   how long each is measured in a round, 1 to 60 (4)
  --clients N   connections, each with one request at a time, 1 to 500 (32)
  --json FILE   writes the figures as JSON`;

const LIMITS = {
  rounds: { default: 5, most: 99 },
  seconds: { default: 4, most: 60 },
  clients: { default: 32, most: 500 },
} as const;

export const readArguments = (argv: readonly string[]): ScalingArguments => readNumbers(argv, LIMITS, USAGE);
