import { type Numbers, readNumbers } from '../read-numbers.ts';

export type PairedArguments = Numbers<'rounds' | 'seconds' | 'clients'>;

const usageOf = (command: string): string => `usage: ${command} [--rounds N] [--seconds N] [--clients N] [--json FILE]

  --rounds N    number of rounds, each measures both sides, 1 to 99 (9)
  --seconds N   how long each is measured in a round, 1 to 60 (4)
  --clients N   callers, each with one operation at a time, 1 to 100 (32)
  --json FILE   writes the figures as JSON`;

const LIMITS = {
  rounds: { default: 9, most: 99 },
  seconds: { default: 4, most: 60 },
  clients: { default: 32, most: 100 },
} as const;

export const readArguments = (command: string, argv: readonly string[]): PairedArguments =>
  readNumbers(argv, LIMITS, usageOf(command));
