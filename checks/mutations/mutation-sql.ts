import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Mutant } from './mutants.ts';

const MIGRATIONS = resolve(import.meta.dirname, '../../packages/store/migrations');

/** The SQL of a mutant: its statement, or the function of its migration with one place changed. */
export function mutationSql(mutant: Mutant): string {
  if ('sql' in mutant) return mutant.sql;
  const source = readFileSync(`${MIGRATIONS}/${mutant.migration}`, 'utf8');
  const begin = ['create function', 'create or replace function']
    .map((create) => source.indexOf(`${create} ${mutant.function}(`))
    .find((at) => at >= 0);
  const end = source.indexOf('end $$;', begin);
  if (begin === undefined || end < 0)
    throw new Error(`${mutant.name}: ${mutant.migration} has no function ${mutant.function}`);
  const whole = source.slice(begin, end + 'end $$;'.length);
  const mutated = whole.replace(mutant.find, mutant.replace);
  if (mutated === whole) throw new Error(`${mutant.name}: the text to replace was not found`);
  return mutated.replace(/^create function/, 'create or replace function');
}
