import { describe, expect, test } from 'vitest';
import type { Entry } from '../history/operation.ts';
import type { Final } from '../read-back.ts';
import { aSession, createScript, finalOf, rulesOf, verdictOf } from '../testing/planted.ts';
import { checkContents } from './contents.ts';

const rules = (entries: readonly Entry[], final: Final) => rulesOf(verdictOf(checkContents(), entries, { final }));
const of = { session: 's', process: 'a', asked: { lines: ['x'] } };
const withLines = (...lines: string[]) =>
  finalOf([aSession('s', { logs: lines.map((line) => ({ process: 'a', line })) })]);

describe('a log line', () => {
  test('must exist if it was acknowledged', () => {
    const op = createScript();
    expect(rules([op('logs', 0, of)], withLines('x'))).toEqual([]);
    expect(rules([op('logs', 0, of)], withLines())).toEqual(['log-line-lost']);
  });

  test('may exist or not if the request got no response', () => {
    const op = createScript();
    const entries = [op('logs', 0, { ...of, outcome: 'unknown' })];
    expect(rules(entries, withLines())).toEqual([]);
    expect(rules(entries, withLines('x'))).toEqual([]);
  });

  test('must exist only once if it was repeated under one idempotency key', () => {
    const op = createScript();
    const entries = [op('logs', 0, { ...of, key: 'k', outcome: 'unknown' }), op('logs', 20, { ...of, key: 'k' })];
    expect(rules(entries, withLines('x'))).toEqual([]);
    expect(rules(entries, withLines('x', 'x'))).toEqual(['log-line-twice']);
  });

  test('must not exist if it was refused', () => {
    const op = createScript();
    expect(rules([op('logs', 0, { ...of, outcome: 'refused' })], withLines('x'))).toEqual(['log-line-twice']);
  });

  test('must not exist if no client sent it', () => {
    expect(rules([], withLines('y'))).toEqual(['log-line-invented']);
  });

  test('is not reported apart from its session if the session cannot be read', () => {
    const op = createScript();
    expect(rules([op('logs', 0, of)], finalOf([], { unreadable: new Set(['s']) }))).toEqual(['unreadable']);
  });
});

test('feedback must exist exactly once, and only if a client sent it', () => {
  const op = createScript();
  const given = op('feedback', 0, { session: 's', key: 'k', asked: { comment: 'c' } });
  const withComments = (...comments: string[]) => finalOf([aSession('s', { comments })]);
  expect(rules([given], withComments('c'))).toEqual([]);
  expect(rules([given], withComments())).toEqual(['feedback-lost']);
  expect(rules([given], withComments('c', 'c'))).toEqual(['feedback-twice']);
  expect(rules([given], withComments('c', 'd'))).toEqual(['feedback-invented']);
});

test('a created task must exist exactly once', () => {
  const op = createScript();
  const task = (at: number, id: string) => op('task', at, { key: 'k', asked: { title: 't' }, told: { id } });
  const there = (count: number, title = 't') => finalOf([], { made: new Map([[`task ${title}`, count]]) });
  expect(rules([task(0, '1')], there(1))).toEqual([]);
  expect(rules([task(0, '1')], finalOf([]))).toEqual(['made-lost']);
  expect(rules([task(0, '1')], there(2))).toEqual(['made-twice']);
  expect(rules([task(0, '1'), task(20, '2')], there(1))).toEqual(['made-twice']);
  expect(rules([], there(1, 'other'))).toEqual(['made-invented']);
});
