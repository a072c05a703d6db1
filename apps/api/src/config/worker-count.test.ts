import { expect, test } from 'vitest';
import { readConfig } from './read-config.ts';
import { workerCount } from './worker-count.ts';

const parse = (text: string, cores = 4) => workerCount('a group', () => cores).parse(text);

test('is a number, or as many as there are processors, whole ones', () => {
  expect(['1', '2', '64'].map((text) => parse(text))).toEqual([{ value: 1 }, { value: 2 }, { value: 64 }]);
  expect([0.5, 1, 3.9, 128].map((cores) => parse('auto', cores))).toEqual([
    { value: 1 },
    { value: 1 },
    { value: 3 },
    { value: 64 },
  ]);
});

test.each(['0', '65', '-1', '1.5', '2 ', 'all', 'AUTO', ' ', '0x2'])('is not %j', (text) => {
  expect(parse(text)).toEqual({ mistake: 'must be a whole number from 1 to 64, or auto' });
});

test.each([
  [{ PHASELOCK_WORKERS: '4', PHASELOCK_METRICS_PORT: '4698' }, 'is among the ports 4698 to 4701'],
  [{ PHASELOCK_WORKERS: '2', PHASELOCK_METRICS_PORT: '65535' }, 'leaves no port for the last of 2'],
])('%j: a port is missing or taken twice', (env, mistake) => {
  expect(() => readConfig(env)).toThrow(mistake);
});

test('with one worker nothing is said of ports that are not used', () => {
  expect(readConfig({ PHASELOCK_METRICS_PORT: '4700' })).toMatchObject({ workers: 1 });
});
