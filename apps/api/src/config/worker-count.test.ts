import { expect, test } from 'vitest';
import { readConfig } from './read-config.ts';
import { workerCount } from './worker-count.ts';

const parse = (text: string, cores = 4) => workerCount('a group', () => cores).parse(text);

test('PHASELOCK_WORKERS is a number, or auto for the number of whole CPU cores, from 1 to 64', () => {
  expect(['1', '2', '64'].map((text) => parse(text))).toEqual([{ value: 1 }, { value: 2 }, { value: 64 }]);
  expect([0.5, 1, 3.9, 128].map((cores) => parse('auto', cores))).toEqual([
    { value: 1 },
    { value: 1 },
    { value: 3 },
    { value: 64 },
  ]);
});

test.each(['0', '65', '-1', '1.5', '2 ', 'all', 'AUTO', ' ', '0x2'])('PHASELOCK_WORKERS must not be %j', (text) => {
  expect(parse(text)).toEqual({ mistake: 'must be a whole number from 1 to 64, or auto' });
});

test.each([
  [{ PHASELOCK_WORKERS: '4', PHASELOCK_METRICS_PORT: '4698' }, 'is among the ports 4698 to 4701'],
  [{ PHASELOCK_WORKERS: '2', PHASELOCK_METRICS_PORT: '65535' }, 'leaves no port for the last of 2'],
])('%j is refused: a metrics port exceeds 65535 or equals PHASELOCK_PORT', (env, mistake) => {
  expect(() => readConfig(env)).toThrow(mistake);
});

test('PHASELOCK_METRICS_PORT may equal PHASELOCK_PORT with one worker, which does not use it', () => {
  expect(readConfig({ PHASELOCK_METRICS_PORT: '4700' })).toMatchObject({ workers: 1 });
});
