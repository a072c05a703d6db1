import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkProof, newSigningKey, parseVerifyingKey, signNote, type VerifyingKey } from '@phaselock/audit';
import {
  aStart,
  aTurn,
  begin,
  findProgram,
  OPUS,
  openTestGuard,
  replaceBy,
  runTurn,
  SONNET,
  type TemporaryDirectory,
  type TestGuard,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runVerify } from '../../test/run-verify.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../../../examples/check-proof');
const GO = findProgram(['go'], { PATH: `${process.env.PATH}:/usr/local/go/bin` });
if (GO === undefined && process.env.CI === 'true') throw new Error('Proofs cannot be checked without go.');

let home: TestGuard;
let folder: TemporaryDirectory;
let key: VerifyingKey;
/** The proof of one session, and of its successor. */
let proof: string;
let otherProof: string;
const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  home = await openTestGuard();
  folder = await temporaryDirectory();
  const { guard, world } = home;
  const run = async (...args: readonly string[]): Promise<void> => {
    expect(await runVerify(home.databaseUrl, args)).toMatchObject({ code: 0, err: '' });
  };
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const first = await begin(guard, aStart(taskId, SONNET));
  await runTurn(guard, aTurn(first, attemptId), `first-${taskId}`);
  const second = await replaceBy(guard, aStart(taskId, OPUS));
  await runTurn(guard, aTurn(second, attemptId), `second-${taskId}`);
  for (let tasks = 0; tasks < 3; tasks += 1) await begin(guard, aStart(await world.task(), SONNET));
  await run('seal-key', 'example.com/tests', '-o', at('key'));
  await run('seal', '--key', at('key'), '-o', at('seal'));
  // What happens later is no part of the proof.
  await runTurn(guard, aTurn(second, attemptId), `later-${taskId}`);
  await run('prove', first.id.toUpperCase(), '--seal', at('seal'), '-o', at('proof'));
  await run('prove', second.id, '--seal', at('seal'), '-o', at('other'));
  [proof, otherProof] = [await readFile(at('proof'), 'utf8'), await readFile(at('other'), 'utf8')];
  const read = parseVerifyingKey(await readFile(at('key.pub'), 'utf8'));
  if (read === undefined) throw new Error('the key of the test cannot be read');
  key = read;
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** The proof with some of the lines before its seal replaced. */
function withLines(change: (lines: readonly string[]) => readonly string[]): string {
  const end = proof.indexOf('\n\n');
  return `${change(proof.slice(0, end).split('\n')).join('\n')}${proof.slice(end)}`;
}
const edited = (start: string, change: (line: string) => string): string =>
  withLines((lines) => lines.map((line) => (line.startsWith(start) ? change(line) : line)));
const linesOf = (start: string, from = proof): readonly string[] =>
  from.split('\n').filter((line) => line.startsWith(start));
const [eventsOf, pathOf] = [(from?: string) => linesOf('event ', from), (from?: string) => linesOf('path ', from)];

/** Each returns a forged proof; the checkers must refuse it with this reason. */
const FORGERIES: readonly (readonly [string, () => string, RegExp])[] = [
  ['another number of sessions in the seal', () => proof.replace(/^sessions \d+$/m, 'sessions 4'), /signed by/],
  ['another time of the seal', () => proof.replace(/^created \d+/m, 'created 2001'), /signed by/],
  [
    'a seal signed by another key of the same name',
    () => {
      const end = proof.indexOf('\n\n') + 2;
      const [text = ''] = proof.slice(end).split('\n\n');
      return proof.slice(0, end) + signNote(`${text}\n`, newSigningKey(key.name));
    },
    /signed by/,
  ],
  ['a seal without its signature', () => proof.slice(0, proof.lastIndexOf('—')), /signed by/],
  ['another length in the leaf', () => edited('leaf ', (line) => line.replace(' 3 ', ' 2 ')), /path/],
  [
    'another hash in the leaf',
    () => edited('leaf ', (line) => line.replace(/.$/, (c) => (c === '0' ? '1' : '0'))),
    /path/,
  ],
  ['another index', () => edited('index ', (line) => (line === 'index 0' ? 'index 1' : 'index 0')), /path/],
  ['an index outside of the tree', () => edited('index ', () => 'index 1000'), /path|index/],
  [
    'another hash in the path',
    () => edited('path ', (line) => line.replace(/ ./, (c) => (c === ' A' ? ' B' : ' A'))),
    /path/,
  ],
  ['a shorter path', () => withLines((lines) => lines.filter((line) => line !== pathOf()[0])), /path/],
  ['a longer path', () => edited('index ', (line) => `${line}\n${pathOf()[0]}`), /path/],
  [
    'another actor of an event',
    () => proof.replace('"created", "first", 1, null, null', '"created", "first", 1, null, "x"'),
    /sealed hash/,
  ],
  [
    'another time of an event',
    () => edited('event ', (line) => line.replace(/\d{16}/, (micros) => `${BigInt(micros) + 1n}`)),
    /sealed hash/,
  ],
  ['other spaces in an event', () => edited('event ', (line) => line.replace(', ', ',')), /sealed hash/],
  ['an event less', () => withLines((lines) => lines.slice(0, -1)), /events/],
  ['an event more', () => withLines((lines) => [...lines, eventsOf().at(-1) ?? '']), /events/],
  [
    'events in another order',
    () => withLines((lines) => [...lines.slice(0, -2), ...lines.slice(-2).toReversed()]),
    /event/,
  ],
  [
    'the events of another session',
    () => withLines((lines) => [...lines.slice(0, -3), ...eventsOf(otherProof)]),
    /event/,
  ],
  ['the leaf of another session', () => edited('leaf ', () => linesOf('leaf ', otherProof)[0] ?? ''), /path/],
  ['a cut-off proof', () => proof.slice(0, 200), /cut off|signed by/],
];

test('a true proof is accepted, by the command too', async () => {
  expect(checkProof(proof, key)).toMatchObject({ kind: 'accepted', head: { length: 3 } });
  const ran = await runVerify(home.databaseUrl, ['check-proof', at('proof'), '--public-key', at('key.pub')]);
  expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^accepted: session .* had these 3 events/) });
  await writeFile(at('forged'), FORGERIES[0]?.[1]() ?? '');
  const refused = await runVerify(home.databaseUrl, ['check-proof', at('forged'), '--public-key', at('key.pub')]);
  expect(refused).toMatchObject({
    code: 2,
    err: expect.stringContaining('the proof is refused: its seal is not signed'),
  });
});

test('a proof of an earlier release is still accepted', async () => {
  const [example, exampleKey] = [join(EXAMPLE, 'example.proof'), join(EXAMPLE, 'example-key.pub')];
  const published = parseVerifyingKey(await readFile(exampleKey, 'utf8'));
  if (published === undefined) throw new Error('the key of the example cannot be read');
  expect(checkProof(await readFile(example, 'utf8'), published)).toMatchObject({ kind: 'accepted' });
});

test.each(FORGERIES)('a proof with %s is refused', (_what, forge, why) => {
  const forged = forge();
  expect(forged).not.toBe(proof);
  expect(checkProof(forged, key)).toEqual({ kind: 'refused', why: expect.stringMatching(why) });
});

describe.skipIf(GO === undefined)(`the checker in Go${GO === undefined ? ' (skipped: no go on the PATH)' : ''}`, () => {
  const check = (path: string, by = at('key.pub')) => spawnSync(at('check-proof'), [path, by], { encoding: 'utf8' });

  beforeAll(() => {
    const built = spawnSync(GO ?? 'go', ['build', '-o', at('check-proof'), join(EXAMPLE, 'main.go')], {
      encoding: 'utf8',
    });
    if (built.status !== 0) throw new Error(built.stderr);
  });

  test('accepts a true proof', () => {
    expect(check(at('proof'))).toMatchObject({ status: 0, stdout: expect.stringMatching(/^accepted: .* 3 events/) });
    expect(check(at('other'))).toMatchObject({ status: 0, stdout: expect.stringMatching(/^accepted: .* 3 events/) });
    expect(check(join(EXAMPLE, 'example.proof'), join(EXAMPLE, 'example-key.pub'))).toMatchObject({ status: 0 });
  });

  test.each(FORGERIES)('refuses a proof with %s', async (_what, forge, why) => {
    await writeFile(at('forged'), forge());
    const { status, stdout } = check(at('forged'));
    expect([status, stdout]).toEqual([2, expect.stringMatching(new RegExp(`^refused: .*(${why.source})`))]);
  });
});
