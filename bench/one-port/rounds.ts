import { parseArgs } from 'node:util';
import { UsageError } from '../arguments.ts';

const MOST_ROUNDS = 99;

/** Parses `--rounds N` for a benchmark without other options. */
export function roundsOf(argv: readonly string[], name: string): number {
  const usage = `usage: ${name} [--rounds N]   N from 1 to ${MOST_ROUNDS} (3)`;
  let given: string;
  try {
    const options = { rounds: { type: 'string', default: '3' } } as const;
    given = parseArgs({ args: argv.filter((arg) => arg !== '--'), options }).values.rounds;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  const rounds = Number(given);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MOST_ROUNDS) throw new UsageError(usage);
  return rounds;
}
