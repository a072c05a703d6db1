import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';
import { SIZES } from './sizes.ts';

const SIZE = SIZES['users-100'];

test('readSettings uses the size of the scenario unless the environment overrides it', () => {
  expect(readSettings({}, SIZE)).toMatchObject({ urls: ['http://127.0.0.1:4700'], ...SIZE, board: undefined });
  const said = {
    LOAD_USERS: '7',
    LOAD_DURATION_S: '9',
    LOAD_RATE: '0',
    LOAD_THINK_S: '0.5',
    LOAD_BOARD: '/tmp/board.json',
  };
  expect(readSettings(said, SIZE)).toMatchObject({
    users: 7,
    seconds: 9,
    rate: 0,
    thinkSeconds: 0.5,
    board: '/tmp/board.json',
  });
});

test('readSettings accepts only loopback addresses unless LOAD_ALLOW_REMOTE is 1', () => {
  const local = 'http://127.0.0.1:1, http://localhost:2/,http://[::1]:3';
  expect(readSettings({ PHASELOCK_URLS: local }, SIZE).urls).toEqual([
    'http://127.0.0.1:1',
    'http://localhost:2',
    'http://[::1]:3',
  ]);
  for (const url of [
    'http://10.0.0.1:4700',
    'http://127.0.0.1.example:1',
    'https://localhost',
    'http://127.0.0.1:1/v1',
  ])
    expect(() => readSettings({ PHASELOCK_URLS: url }, SIZE), url).toThrow(/not http:\/\/ADDRESS:PORT on this machine/);
  const remote = { PHASELOCK_URLS: 'https://phaselock.example', LOAD_ALLOW_REMOTE: '1' };
  expect(readSettings(remote, SIZE).urls).toEqual(['https://phaselock.example']);
});

test('readSettings rejects an invalid number and names its variable', () => {
  expect(() => readSettings({ LOAD_USERS: 'many' }, SIZE)).toThrow('LOAD_USERS: many is not a number from 1');
  expect(() => readSettings({ LOAD_RATE: '-1' }, SIZE)).toThrow('LOAD_RATE: -1 is not a number from 0');
});
