import { parseArgs } from 'node:util';
import { UsageError } from '../arguments.ts';

export type PairedArguments = {
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: number;
  readonly json: string | undefined;
};

const usageOf = (command: string): string => `usage: ${command} [--rounds N] [--seconds N] [--clients N] [--json FILE]

  --rounds N    number of rounds, each measures both sides, 1 to 99 (9)
  --seconds N   how long each is measured in a round, 1 to 60 (4)
  --clients N   callers, each with one operation at a time, 1 to 100 (32)
  --json FILE   writes the figures as JSON`;

const options = {
  rounds: { type: 'string', default: '9' },
  seconds: { type: 'string', default: '4' },
  clients: { type: 'string', default: '32' },
  json: { type: 'string' },
} as const;

export function readArguments(command: string, argv: readonly string[]): PairedArguments {
  const refuse = (problem: string): never => {
    throw new UsageError(`${problem}\n${usageOf(command)}`);
  };
  const whole = (text: string, name: string, most: number): number => {
    const value = Number(text);
    const isWhole = Number.isInteger(value) && value >= 1 && value <= most;
    return isWhole ? value : refuse(`${name} must be a whole number from 1 to ${most}`);
  };
  const { json, rounds, seconds, clients } = parse(
    argv.filter((arg) => arg !== '--'),
    refuse,
  );
  return {
    rounds: whole(rounds, '--rounds', 99),
    seconds: whole(seconds, '--seconds', 60),
    clients: whole(clients, '--clients', 100),
    json,
  };
}

function parse(args: string[], refuse: (problem: string) => never) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}
