import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { capturedLines } from '../test/captured-lines.ts';
import { LOG_ACTIONS } from './log-actions.ts';
import { LOG_FIELDS } from './log-fields.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

describe('a field of a log line', () => {
  test('does not compile if it is not in the catalogue, even when it is spread', () => {
    const { logger, lines } = capturedLines();
    const strange = { task: 't1' };
    // @ts-expect-error: no such field
    logger.info({ task: 't1' }, 'named');
    // @ts-expect-error: no such field
    logger.info({ ...strange, 'phaselock.task_id': 't1' }, 'spread');
    // @ts-expect-error: wrong type
    logger.info({ 'phaselock.generation': 'one' }, 'mistyped');
    // @ts-expect-error: set by the logger only
    logger.info({ 'service.name': 'another' }, 'every line has it');
    expect(lines()).toHaveLength(4);
  });

  test('is not the prefix of another field, which an index could not map', () => {
    const names = Object.keys(LOG_FIELDS);
    expect(names.filter((name) => names.some((other) => other.startsWith(`${name}.`)))).toEqual([]);
  });

  test('has an Elastic Common Schema name, the prefix phaselock., or one of three fixed names', () => {
    const ecs =
      /^(@timestamp|message|(log|ecs|service|event|process|host|error|http\.request|http\.response|url|user|trace|transaction)\.[a-z_]+)$/;
    const others = Object.keys(LOG_FIELDS).filter((name) => !ecs.test(name) && !name.startsWith('phaselock.'));
    expect(others).toEqual(['task_attempt_id', 'previous_variant', 'current_variant']);
  });
});

describe('an action', () => {
  const files = globSync('{apps,packages}/*/src/**/*.ts', { cwd: ROOT, exclude: (path) => path.endsWith('.test.ts') });
  const sources = files
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(resolve(ROOT, file), 'utf8'))
    .join('\n');
  const written = new Set(
    [...sources.matchAll(/'event\.action'?: ?([^,}\n;]+)/g)].flatMap(([, value = '']) =>
      [...value.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)].map(([, name = '']) => name),
    ),
  );

  test('is in the catalogue exactly if a source file writes it', () => {
    expect([...written].toSorted()).toEqual(Object.keys(LOG_ACTIONS).toSorted());
  });

  test('has its default outcome unless the line sets another one', () => {
    const { logger, lines } = capturedLines();
    logger.info({ 'event.action': 'session-deleted' }, 'deleted');
    logger.info({ 'event.action': 'session-deleted', 'event.outcome': 'unknown' }, 'deleted');
    logger.warn({ 'event.action': 'lease-lapsed' }, 'lapsed');
    logger.info({ 'event.action': 'startSession' }, 'an operation sets its own');
    expect(lines().map((line) => line['event.outcome'])).toEqual(['success', 'unknown', 'failure', undefined]);
  });
});
