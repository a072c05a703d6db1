import { parseArgs } from 'node:util';
import { UsageError } from './arguments.ts';

type Limits = { readonly default: number; readonly most: number };

export type Numbers<Name extends string> = Readonly<Record<Name, number>> & { readonly json: string | undefined };

/** Reads options that are whole numbers of at least 1, and `--json FILE`. */
export function readNumbers<Name extends string>(
  argv: readonly string[],
  limits: Readonly<Record<Name, Limits>>,
  usage: string,
): Numbers<Name> {
  const refuse = (problem: string): never => {
    throw new UsageError(`${problem}\n${usage}`);
  };
  const names = namesOf(limits);
  const options = Object.fromEntries([...names, 'json'].map((name) => [name, { type: 'string' as const }]));
  const given = parse(
    argv.filter((arg) => arg !== '--'),
    options,
    refuse,
  );
  const whole = (name: Name): number => {
    const text = given[name];
    const { most, default: usual } = limits[name];
    const value = text === undefined ? usual : Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    return refuse(`--${name} must be a whole number from 1 to ${most}`);
  };
  const { json } = given;
  const numbers = Object.fromEntries(names.map((name) => [name, whole(name)]));
  const isComplete = (read: Record<string, number>): read is Record<Name, number> =>
    names.every((name) => name in read);
  if (!isComplete(numbers)) throw new Error('an option has no value');
  return { ...numbers, json: typeof json === 'string' ? json : undefined };
}

const namesOf = <Name extends string>(limits: Readonly<Record<Name, Limits>>): Name[] => {
  const isName = (name: string): name is Name => name in limits;
  return Object.keys(limits).filter(isName);
};

function parse(
  args: string[],
  options: Record<string, { readonly type: 'string' }>,
  refuse: (problem: string) => never,
): Record<string, unknown> {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}
