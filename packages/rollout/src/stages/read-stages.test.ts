import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ladderFor, readStages, StagesMistakes } from './read-stages.ts';

const FILE = resolve(import.meta.dirname, '../../../../ops/rollout/stages.yml');
const text = readFileSync(FILE, 'utf8');

/** The mistakes of the file after one change, which must change something. */
function mistakesOf(search: string | RegExp, replacement: string): readonly string[] {
  const changed = text.replace(search, replacement);
  expect(changed).not.toBe(text);
  try {
    readStages(changed);
  } catch (error) {
    if (error instanceof StagesMistakes) return error.mistakes;
    throw error;
  }
  return [];
}
const lineOf = (found: string): number => text.split('\n').findIndex((line) => line.includes(found)) + 1;

test('the stages are those of the spec', () => {
  const guard = ladderFor(readStages(text), 'single_session_guard');
  expect(guard?.stages.map(({ percent, gates }) => [percent, gates.map(({ name }) => name)])).toEqual([
    [5, ['replacement_success', 'error_rate']],
    [25, ['replacement_success', 'error_rate', 'lookup_time', 'cpu']],
    [50, ['replacement_success', 'error_rate', 'lookup_time', 'cpu', 'pool_wait', 'connection_failures']],
    [
      100,
      [
        'replacement_success',
        'error_rate',
        'lookup_time',
        'cpu',
        'pool_wait',
        'connection_failures',
        'replacement_time',
      ],
    ],
  ]);
});

describe('a mistake is reported with its line', () => {
  test('an unknown key', () => {
    expect(mistakesOf('  timeout: 20s', '  tiemout: 20s')).toContain(
      `line ${lineOf('  timeout: 20s')}: prometheus.tiemout: is not known`,
    );
  });
  test('a percentage that does not rise', () => {
    expect(mistakesOf('percent: 25,', 'percent: 5,')).toEqual([
      `line ${lineOf('percent: 25')}: flags.single_session_guard.stages.1.percent: 5 is not more than the 5 of the stage before`,
    ]);
  });
  test('a latency limit that is no bucket bound', () => {
    expect(mistakesOf('limit: 100ms', 'limit: 120ms')).toEqual([
      `line ${lineOf('limit: 100ms')}: gates.lookup_time.limit: 0.12 s is no bucket bound of phaselock_session_lookup_seconds, which has 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1`,
    ]);
  });
  test('a limit of whole seconds, whose bucket has different names in Prometheus 2 and 3', () => {
    expect(mistakesOf('limit: 500ms', 'limit: 1s').join()).toContain('cannot be selected');
  });
  test('a number without a unit', () => {
    expect(mistakesOf('scrape_interval: 15s', 'scrape_interval: 15').join()).toContain(
      `line ${lineOf('scrape_interval: 15s')}: prometheus.scrape_interval: `,
    );
  });
  test('an unknown gate, and one that is in force twice', () => {
    expect(mistakesOf('gates: [lookup_time, cpu]', 'gates: [lookup, error_rate]').join()).toMatch(
      /lookup is no gate of this file.*error_rate is in force already/,
    );
  });
  test('an assumed rate that could never be proven', () => {
    expect(mistakesOf('assumed: 0.002', 'assumed: 0.01').join()).toContain('is not below the limit');
  });
  test('a shortest bake that is longer than the longest', () => {
    expect(mistakesOf('least: 24h, most: 28d', 'least: 24d, most: 28h').join()).toContain('longer than its longest');
  });
  test('text that is not YAML, and a duplicate key', () => {
    expect(mistakesOf('version: 1', 'version: [1').join()).toMatch(/^line \d+: /);
    expect(mistakesOf('version: 1', 'version: 1\nversion: 1').join()).toMatch(/^line \d+: Map keys must be unique/);
  });
  test('an empty file', () => {
    expect(() => readStages('')).toThrow(StagesMistakes);
  });
});
