import { parseArgs } from 'node:util';
import { UsageError } from '../arguments.ts';

export type ChainsArguments = {
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: number;
  readonly json: string | undefined;
};

const USAGE = `usage: bench:chains [--rounds N] [--seconds N] [--clients N] [--json FILE]

  --rounds N    number of rounds, each measures without and with chains, 1 to 99 (9)
  --seconds N   how long each is measured in a round, 1 to 60 (4)
  --clients N   callers, each with one operation at a time, 1 to 100 (32)
  --json FILE   writes the figures as JSON`;

const options = {
  rounds: { type: 'string', default: '9' },
  seconds: { type: 'string', default: '4' },
  clients: { type: 'string', default: '32' },
  json: { type: 'string' },
} as const;

export function readArguments(argv: readonly string[]): ChainsArguments {
  const { json, ...numbers } = parse(argv.filter((arg) => arg !== '--'));
  return {
    rounds: whole(numbers.rounds, '--rounds', 99),
    seconds: whole(numbers.seconds, '--seconds', 60),
    clients: whole(numbers.clients, '--clients', 100),
    json,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function whole(text: string, name: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`${name} must be a whole number from 1 to ${most}\n${USAGE}`);
}
