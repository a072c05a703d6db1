import { DEFAULT_MODEL_POLICY } from '@phaselock/core';
import { expect, test } from 'vitest';
import type { Row } from '../check.ts';
import { openSifting, SIEVES, type SieveName } from './sift.ts';

const TRAITS = { freshStaysInThread: false, policy: DEFAULT_MODEL_POLICY };

/** Fake sieves that return the given ids, and a list of the sieves that were run. */
function holding(held: Partial<Record<SieveName, readonly (string | null)[]>>) {
  const asked: string[] = [];
  const sift = openSifting(async function* (sql): AsyncGenerator<Row> {
    const [name] = Object.entries(SIEVES).find(([, sieve]) => sql.includes(sieve.sql)) ?? [];
    asked.push(name ?? sql);
    for (const [known, ids] of Object.entries(held)) if (known === name) for (const id of ids) yield { id };
  }, TRAITS);
  return { sift, asked };
}

test('each sieve runs once, however many checks use it', async () => {
  const { sift, asked } = holding({ turns: ['a', 'b', 'a'], unused: ['b', 'c'] });
  expect(await sift(['turns'])).toEqual({ kind: 'sessions', ids: ['a', 'b'] });
  expect(await sift(['turns', 'unused'])).toEqual({ kind: 'sessions', ids: ['a', 'b', 'c'] });
  expect(await sift(['lives'])).toEqual({ kind: 'tasks', ids: [] });
  expect(asked).toEqual(['turns', 'unused', 'lives']);
});

test('too many ids, or a null id, widen the scope to everything', async () => {
  const many = Array.from({ length: 20_001 }, (_, n) => `session ${n}`);
  const { sift } = holding({ turns: many, unused: many.slice(1), lives: ['a', null] });
  expect(await sift(['unused'])).toMatchObject({ kind: 'sessions' });
  expect(await sift(['turns'])).toEqual({ kind: 'all' });
  expect(await sift(['turns', 'unused'])).toEqual({ kind: 'all' });
  expect(await sift(['lives'])).toEqual({ kind: 'all' });
});

test('of pairs of models, only those without a model change are held', async () => {
  const pair = (before: string, ids: string): Row => ({
    ...{
      agent: 'claude-code',
      model: 'claude-sonnet-4-5',
      resolved: 'claude-sonnet-4-5',
      variant: null,
      parameters: '{}',
    },
    ...{ before_agent: 'claude-code', before_model: before, before_resolved: before, before_variant: null },
    ...{ before_parameters: '{}', ids },
  });
  const sift = openSifting(async function* () {
    yield pair('claude-opus-4-5', 'a,b');
    yield pair('claude-sonnet-4-5', 'c,d');
  }, TRAITS);
  expect(await sift(['models'])).toEqual({ kind: 'sessions', ids: ['c', 'd'] });
});
