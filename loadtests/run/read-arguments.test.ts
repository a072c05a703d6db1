import { describe, expect, test } from 'vitest';
import { readArguments, UsageError } from './read-arguments.ts';

const read = (line: string) => readArguments(line.split(' ').filter(Boolean));

describe('a run', () => {
  test('can start its own product', () => {
    expect(read('users-100 --self --duration 10m --users 20 --rate 5 --workers 2 --out DIR')).toEqual({
      kind: 'run',
      scenario: 'users-100',
      target: { kind: 'self', apis: 1, workers: 2, sessions: 0 },
      durationSeconds: 600,
      users: 20,
      rate: 5,
      out: 'DIR',
      allowRemote: false,
    });
  });

  test('can target given addresses', () => {
    expect(
      read('soak --url http://127.0.0.1:1/,http://localhost:2 --key-file k --database-url postgres://h/d'),
    ).toMatchObject({
      target: {
        kind: 'address',
        urls: ['http://127.0.0.1:1', 'http://localhost:2'],
        keyFile: 'k',
        databaseUrl: 'postgres://h/d',
      },
      durationSeconds: undefined,
      users: undefined,
    });
    expect(read('smoke --url https://api.example --key-file k --allow-remote')).toMatchObject({ allowRemote: true });
  });

  test.each([
    ['10k', 10_000],
    ['1M', 1_000_000],
    ['2500', 2_500],
  ])('of data-size accepts %s sessions', (size, sessions) => {
    expect(read(`data-size --self --sessions ${size}`)).toMatchObject({ target: { sessions } });
  });

  test('of recovery starts two APIs by default', () => {
    expect(read('recovery --self')).toMatchObject({ target: { apis: 2 } });
  });
});

test.each(['--help', '-h', 'smoke --help'])('%s requests the usage', (line) => {
  expect(read(line)).toEqual({ kind: 'help' });
});

test('compare, report and keep are commands', () => {
  expect(read('compare A B')).toEqual({ kind: 'compare', before: 'A', after: 'B' });
  expect(read('-- report')).toEqual({ kind: 'report' });
  expect(read('keep DIR')).toEqual({ kind: 'keep', folder: 'DIR' });
});

test.each([
  ['', 'name a scenario'],
  ['users-7 --self', 'there is no scenario users-7'],
  ['toString --self', 'there is no scenario toString'],
  ['smoke', 'one of --self and --url has to be given'],
  ['smoke --self --url http://127.0.0.1:1', 'one of --self and --url has to be given'],
  ['smoke --self more', 'more is not expected here'],
  ['smoke --self --nothing', "Unknown option '--nothing'"],
  ['smoke --self --key-file k', '--key-file does not go with --self'],
  ['smoke --self --allow-remote', '--allow-remote does not go with --self'],
  ['smoke --url http://127.0.0.1:1 --key-file k --workers 2', '--workers does not go with --url'],
  ['smoke --url http://127.0.0.1:1', '--url requires --key-file'],
  ['smoke --url http://10.0.0.1:1 --key-file k', 'http://10.0.0.1:1 is not on this machine'],
  ['smoke --url http://127.0.0.1.example --key-file k', 'is not on this machine'],
  ['smoke --url ftp://127.0.0.1 --key-file k', '--url takes addresses such as'],
  ['smoke --url http://127.0.0.1:1/v1 --key-file k', '--url takes addresses such as'],
  ['smoke --url http://127.0.0.1:1 --key-file k --database-url mysql://h', '--database-url takes an address'],
  ['recovery --url http://127.0.0.1:1 --key-file k', 'recovery requires --self'],
  ['recovery --self --apis 1', 'recovery kills one API while another serves'],
  ['smoke --self --sessions 1M', 'smoke takes no --sessions'],
  ['data-size --self --sessions many', '--sessions takes a count from 1k to 20M'],
  ['smoke --self --duration 60', '--duration takes a time such as 60s'],
  ['smoke --self --duration 0s', '--duration takes a time such as 60s'],
  ['smoke --self --users -1', '--users must be a whole number from 1 to 100000'],
  ['smoke --self --users -x', "Option '--users' argument is ambiguous"],
  ['smoke --self --users 0', '--users must be a whole number from 1 to 100000'],
  ['smoke --self --rate 1.5', '--rate must be a whole number from 0 to 1000000'],
  ['recovery --self --rate 0', '--rate must be a whole number from 1 to 1000000'],
  ['smoke --self --apis 99', '--apis must be a whole number from 1 to 16'],
  ['compare A', 'compare takes two runs'],
  ['keep', 'keep takes the folder of one run'],
  ['report --self', 'report takes no --self'],
])('rejects %s', (line, why) => {
  expect(() => read(line)).toThrow(UsageError);
  expect(() => read(line)).toThrow(why);
});
