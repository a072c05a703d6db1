import { appendFile, copyFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parseSigningKey, signNote } from '@phaselock/audit';
import {
  aStart,
  aTurn,
  begin,
  openTestGuard,
  runTurn,
  SONNET,
  type TemporaryDirectory,
  type TestGuard,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ran, runVerify } from '../../test/run-verify.ts';
import { run } from '../run.ts';

let home: TestGuard;
let folder: TemporaryDirectory;
let sessionId: string;

const at = (name: string): string => join(folder.path, name);
const verify = (...args: readonly string[]): Promise<Ran> => runVerify(home.databaseUrl, args);
const against = (seal: string, key = at('key.pub')): Promise<Ran> =>
  verify('--all', '--against', seal, '--public-key', key);

async function aSession({ guard, world }: TestGuard): Promise<string> {
  const taskId = await world.task();
  const session = await begin(guard, aStart(taskId, SONNET));
  await runTurn(guard, aTurn(session, await world.attempt(taskId)), `told-${taskId}`);
  return session.id;
}

beforeAll(async () => {
  home = await openTestGuard();
  folder = await temporaryDirectory();
  sessionId = await aSession(home);
  await aSession(home);
  expect(await verify('seal-key', 'example.com/tests', '-o', at('key'))).toMatchObject({ code: 0, err: '' });
  expect(await verify('seal-key', 'example.com/tests', '-o', at('other'))).toMatchObject({ code: 0 });
  expect(await verify('seal', '--key', at('key'), '-o', at('seal'))).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^sealed 2 sessions, 2 slots and 6 events at /),
    err: '',
  });
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** The seal with another text, signed by the same key, and the same heads. */
async function resealed(name: string, change: (text: string) => string): Promise<string> {
  const key = parseSigningKey(await readFile(at('key'), 'utf8'));
  if (key === undefined) throw new Error('the key of the test cannot be read');
  const [text = ''] = (await readFile(at('seal'), 'utf8')).split('\n\n');
  await writeFile(at(name), signNote(change(`${text}\n`), key));
  await copyFile(at('seal.heads.gz'), at(`${name}.heads.gz`));
  return at(name);
}

describe('a key', () => {
  test('is readable by its owner only, and never overwritten', async () => {
    expect((await stat(at('key'))).mode & 0o777).toBe(0o600);
    expect(await readFile(at('key'), 'utf8')).toMatch(/^PRIVATE\+KEY\+example\.com\/tests\+[\da-f]{8}\+\S+\n$/);
    expect(await readFile(at('key.pub'), 'utf8')).toMatch(/^example\.com\/tests\+[\da-f]{8}\+\S+\n$/);
    const before = await readFile(at('key'), 'utf8');
    expect(await verify('seal-key', 'x', '-o', at('key'))).toMatchObject({
      code: 64,
      err: expect.stringContaining('exist'),
    });
    expect(await readFile(at('key'), 'utf8')).toBe(before);
  });

  test('is not written if the name of its public key is taken', async () => {
    await writeFile(at('taken.pub'), 'another key');
    expect(await verify('seal-key', 'x', '-o', at('taken'))).toMatchObject({ code: 64 });
    expect(await readFile(at('taken'), 'utf8').catch(() => 'no file')).toBe('no file');
  });

  test('is not repeated in the message if it is given in place of its file', async () => {
    const key = await readFile(at('key'), 'utf8');
    const { code, out, err } = await verify('seal', '--key', key.trim(), '-o', at('leaked'));
    expect([code, out]).toEqual([64, '']);
    expect(err).toContain('was given a private key');
    expect(err).not.toContain(key.trim().slice(-20));
  });

  test('is printed without -o, the private one first', async () => {
    const { code, out } = await verify('seal-key', 'printed');
    expect([code, out]).toEqual([0, expect.stringMatching(/^PRIVATE\+KEY\+printed\+\S+\nprinted\+\S+\n$/)]);
  });

  test('may be in the environment', async () => {
    const key = await readFile(at('key'), 'utf8');
    const { code } = await runVerify(home.databaseUrl, ['seal', '-o', at('by environment')], {
      PHASELOCK_SEAL_KEY: key,
    });
    expect(code).toBe(0);
    expect(await against(at('by environment'))).toMatchObject({ code: 0 });
  });
});

describe('an option that a command does not use', () => {
  test.each([
    ['seal-key', 'x', '--key', 'k'],
    ['seal', '-o', 's', '--against', 's'],
    ['prove', '01a20410-ab96-7175-a119-1b702443e83f', '--seal', 's', '--public-key', 'k'],
    ['check-proof', 'p', '--public-key', 'k', '--seal', 's'],
    ['--all', '--since-seal', 's', '--public-key', 'k'],
    ['--all', '--against', 's', '--public-key', 'k', '--rule', 'SV603,SV604'],
    ['--all', '--against', 's', '--public-key', 'k', '--skip', 'SV601'],
  ])('is refused: %s %s %s %s %s', async (...args) => {
    expect(await verify(...args)).toMatchObject({ code: 64, out: '' });
  });
});

describe('a seal', () => {
  test('fits the history until it is rewritten', async () => {
    await using own = await openTestGuard();
    const erased = await aSession(own);
    const sealing = ['seal', '--key', at('key'), '-o', at('own')];
    expect(await runVerify(own.databaseUrl, sealing)).toMatchObject({ code: 0 });
    const comparing = ['--all', '--against', at('own'), '--public-key', at('key.pub')];
    await aSession(own);
    expect(await runVerify(own.databaseUrl, comparing)).toMatchObject({ code: 0, err: '' });
    const client = await own.guard.database.pool.pg.connect();
    await client.query(`set session_replication_role = replica;
      delete from session_events where session_id = '${erased}'; delete from processes where session_id = '${erased}';
      delete from slots where live_session_id = '${erased}'; delete from sessions where id = '${erased}'`);
    client.release(true);
    expect(await runVerify(own.databaseUrl, ['--all', '--chain'])).toMatchObject({ code: 0 });
    expect(await runVerify(own.databaseUrl, comparing)).toMatchObject({
      code: 2,
      out: expect.stringContaining('SV604 sealed-history-missing'),
    });
    expect(await runVerify(own.databaseUrl, ['prove', erased, '--seal', at('own')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not as it was sealed'),
    });
  });

  test('is the beginning of an audit with --since-seal, which does not read the heads', async () => {
    const path = await resealed('without heads', (text) => text);
    await rm(`${path}.heads.gz`);
    const since = ['--since-seal', path, '--public-key', at('key.pub')];
    expect(await verify(...since, '--record')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/tasks with events since the seal of \d{4}-/),
      err: '',
    });
  });

  test('takes the name of an interrupted one, whose heads are kept', async () => {
    await writeFile(at('interrupted.heads.gz'), 'cut off');
    expect(await verify('seal', '--key', at('key'), '-o', at('interrupted'))).toMatchObject({
      code: 0,
      err: expect.stringContaining('interrupted.heads.gz had no seal, as after an interruption'),
    });
    expect(await against(at('interrupted'))).toMatchObject({ code: 0 });
  });

  test('names the root of the seal before it', async () => {
    const args = ['seal', '--key', at('key'), '--previous', at('seal'), '-o', at('second')];
    expect(await verify(...args)).toMatchObject({ code: 0 });
    const root = (await readFile(at('seal'), 'utf8')).split('\n')[2];
    expect(await readFile(at('second'), 'utf8')).toContain(`\nprevious ${root}\n\n`);
    expect(await against(at('second'))).toMatchObject({ code: 0 });
    const other = ['seal', '--key', at('other'), '--previous', at('seal'), '-o', at('third')];
    expect(await verify(...other)).toMatchObject({ code: 1, err: expect.stringContaining('not signed by the key') });
  });

  test('says how many events it does not cover', async () => {
    await using own = await openTestGuard();
    await aSession(own);
    const client = await own.guard.database.pool.pg.connect();
    await client.query(
      'set session_replication_role = replica; update session_events set place = null, hash = null; update event_chain_progress set finished_at = null',
    );
    client.release(true);
    const { code, err } = await runVerify(own.databaseUrl, ['seal', '--key', at('key'), '-o', at('unchained')]);
    expect([code, err]).toEqual([0, expect.stringContaining('3 events are not chained yet')]);
    expect(await runVerify(own.databaseUrl, ['--all', '--fail-on', 'info'])).toMatchObject({ code: 2 });
  });
});

test('a proof is not printed on a terminal, which would obey what a user wrote', async () => {
  const printed = { out: '', err: '' };
  const stream = (name: 'out' | 'err', isTTY: boolean) =>
    Object.assign(
      new Writable({
        write: (chunk, _encoding, done) => {
          printed[name] += String(chunk);
          done();
        },
      }),
      { isTTY },
    );
  const prove = async (isTTY: boolean, ...more: readonly string[]): Promise<number> =>
    await run({
      argv: ['prove', sessionId, '--seal', at('seal'), ...more],
      env: { PHASELOCK_DATABASE_URL: home.databaseUrl },
      stdout: stream('out', isTTY),
      stderr: stream('err', false),
      release: '1.2.3',
      ended: new AbortController().signal,
    });
  expect(await prove(true)).toBe(64);
  expect(printed).toEqual({ out: '', err: expect.stringContaining('prove needs -o') });
  expect(await prove(true, '-o', at('on a terminal'))).toBe(0);
  expect(printed.out).toBe('');
  expect(await prove(false)).toBe(0);
  expect(printed.out).toBe(await readFile(at('on a terminal'), 'utf8'));
});

describe('refused with exit code', () => {
  test.each([
    [['seal', '-o', 'new'], 64, 'seal needs a private key'],
    [['seal', '--key', 'key.pub', '-o', 'new'], 64, 'is a public key'],
    [['seal', '--key', 'seal', '-o', 'new'], 64, 'is not a private key'],
    [['seal', '--key', 'no such file', '-o', 'new'], 64, 'no such file'],
    [['seal', '--key', 'key'], 64, 'seal needs -o'],
    [['seal', '--key', 'key', '-o', 'seal'], 64, 'exists already'],
    [['seal', '--key', 'key', '-o', 'new', '--source', 'obra:x'], 64, 'only a phaselock database'],
    [['seal', 'everything', '--key', 'key', '-o', 'new'], 64, 'takes no id'],
    [['seal-key'], 64, 'seal-key needs one name'],
    [['seal-key', 'a name'], 64, 'no spaces and no plus sign'],
    [['--all', '--against', 'seal'], 64, 'need --public-key'],
    [['--all', '--public-key', 'key.pub'], 64, '--public-key needs --against'],
    [['--task', 'x', '--against', 'seal', '--public-key', 'key.pub'], 64, 'it needs --all'],
    [['--all', '--against', 'no such file', '--public-key', 'key.pub'], 64, 'no such file'],
    [['--all', '--against', 'key.pub', '--public-key', 'key.pub'], 64, 'key.pub.heads.gz is missing'],
    [['--all', '--against', 'seal', '--public-key', 'key'], 64, 'is a private key'],
    [['--all', '--against', 'seal', '--public-key', 'seal'], 64, 'is not a public key'],
    [['--all', '--against', 'seal', '--public-key', 'other.pub'], 1, 'not signed by the key example.com/tests'],
    [['--since-seal', 'seal'], 64, 'need --public-key'],
    [['--since-seal', 'seal', '--public-key', 'other.pub'], 1, 'not signed by the key'],
    [['--since-seal', 'seal', '--public-key', 'key.pub', '--task', 'x'], 64, '--since-seal excludes'],
    [['--since-seal', 'seal', '--public-key', 'key.pub', '--against', 'seal'], 64, 'it needs --all'],
    [['--all', '--key', 'key'], 64, '--key does not belong to an audit'],
    [['--all', '--chain', '--source', 'obra:x'], 64, '--chain works only with a phaselock database'],
    [['prove', 'no id', '--seal', 'seal'], 64, 'is not a session id'],
    [['prove', '01a20410-ab96-7175-a119-1b702443e83f'], 64, 'prove needs --seal'],
    [['prove', '01a20410-ab96-7175-a119-1b702443e83f', '--seal', 'seal'], 3, 'the seal has no session 01a20410'],
    [['check-proof', 'seal', '--public-key', 'key.pub'], 2, 'it is not a proof'],
    [['check-proof', 'seal'], 64, 'check-proof needs --public-key'],
  ] as const)('%j is %i', async (args, expected, said) => {
    const files = ['seal', 'key', 'key.pub', 'other.pub', 'new', 'no such file'];
    const isCommand = args[0] === 'seal' || args[0] === 'prove' || args[0] === 'seal-key' || args[0] === 'check-proof';
    const given = args.map((arg, index) => (files.includes(arg) && !(isCommand && index === 0) ? at(arg) : arg));
    const { code, err } = await verify(...given);
    expect(err).toContain(said);
    expect(err).not.toMatch(/ {4}at /);
    expect(code).toBe(expected);
  });

  test('1: a seal that was changed', async () => {
    const note = await readFile(at('seal'), 'utf8');
    await writeFile(at('changed'), note.replace('sessions 2', 'sessions 1'));
    await copyFile(at('seal.heads.gz'), at('changed.heads.gz'));
    expect(await against(at('changed'))).toMatchObject({ code: 1, err: expect.stringContaining('was changed after') });
  });

  test('1: another file with a signature of the key', async () => {
    const path = await resealed('no seal', () => 'something else\n');
    expect(await against(path)).toMatchObject({ code: 1, err: expect.stringContaining('is not a seal') });
  });

  test('1: the seal of another database', async () => {
    const path = await resealed('elsewhere', (text) => text.replace(/^database .*/m, `database ${'0'.repeat(64)}`));
    const expected = { code: 1, out: '', err: expect.stringContaining('the seal is of another database') };
    expect(await against(path)).toMatchObject(expected);
    expect(await verify('prove', sessionId, '--seal', path)).toMatchObject(expected);
  });

  test('1: a seal that is newer than the snapshot', async () => {
    const path = await resealed('newer', (text) => text.replace(/^created ..../m, 'created 9999'));
    expect(await against(path)).toMatchObject({
      code: 1,
      err: expect.stringContaining('the seal is newer than this snapshot'),
    });
  });

  const damages: readonly (readonly [string, string, (file: string) => Promise<unknown>])[] = [
    ['cut off', 'is damaged', async (file) => truncate(file, (await stat(file)).size - 20)],
    ['not compressed', 'is damaged', (file) => writeFile(file, 'session')],
    [
      'without a line',
      'damaged, or belong to another seal',
      async (file) =>
        writeFile(
          file,
          gzipSync(
            linesIn(await readFile(file))
              .slice(1)
              .join(''),
          ),
        ),
    ],
    [
      'in another order',
      'line 2 is not in the order of the bytes',
      async (file) =>
        writeFile(
          file,
          gzipSync(
            linesIn(await readFile(file))
              .toReversed()
              .join(''),
          ),
        ),
    ],
    [
      'with another line',
      'line 1 is not the head of a session or of a slot',
      async (file) => writeFile(file, gzipSync(`nothing\n${linesIn(await readFile(file)).join('')}`)),
    ],
    ['with a line without its end', 'its last line is cut off', async (file) => appendFile(file, gzipSync('slot'))],
  ];
  test.each(damages)('1: heads that are %s', async (name, said, damage) => {
    const path = await resealed(`heads ${name}`, (text) => text);
    expect(await against(path)).toMatchObject({ code: 0 });
    await damage(`${path}.heads.gz`);
    expect(await against(path)).toMatchObject({ code: 1, err: expect.stringContaining(said) });
  });
});

const linesIn = (compressed: Buffer): string[] =>
  gunzipSync(compressed)
    .toString()
    .split(/(?<=\n)/);
