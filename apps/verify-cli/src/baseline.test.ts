import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  aStart,
  begin,
  holdLock,
  openTestGuard,
  type TemporaryDirectory,
  type TestGuard,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addMisnamed, misname, nameAgain, twoCases } from '../test/histories.ts';
import { flawsOfJunit } from '../test/junit-schema.ts';
import { type Ran, verify } from '../test/run-verify.ts';
import { reportSchema } from './report-schema.ts';

// A test starts the command several times.
vi.setConfig({ testTimeout: 120_000 });

let spoilt: TestGuard;
let directory: TemporaryDirectory;
let cases: Awaited<ReturnType<typeof twoCases>>;
let path: string;
beforeEach(async () => {
  spoilt = await openTestGuard();
  directory = await temporaryDirectory();
  cases = await twoCases(spoilt);
  path = join(directory.path, 'known.json');
});
afterEach(async () => {
  await spoilt[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

const withBaseline = (...args: readonly string[]): Promise<Ran> =>
  verify(spoilt.databaseUrl, '--baseline', path, ...args);
const entries = async (): Promise<readonly string[]> => JSON.parse(await readFile(path, 'utf8')).findings;
const writeEntries = (...findings: readonly string[]): Promise<void> =>
  writeFile(path, JSON.stringify({ version: 1, findings }));

describe('a baseline', () => {
  test('that does not exist is an error, before the database is opened, and is not created', async () => {
    for (const more of [[], ['--prune-baseline']]) {
      const { code, err } = await verify('postgres://127.0.0.1:9/x', '--all', '--baseline', path, ...more);
      expect([code, err]).toEqual([64, expect.stringContaining(`there is no file ${path}; --write-baseline makes it`)]);
    }
    expect(await readdir(directory.path)).toEqual([]);
  });

  test.each([
    ['{"version":1}', 'is not a baseline file'],
    ['{"version":1,"findings":[7]}', 'is not a baseline file'],
    ['{"version":2,"findings":[]}', 'has version 2'],
    ['SV402', 'is not a baseline file'],
  ])('with the text %s is an error, also with --write-baseline', async (text, said) => {
    await writeFile(path, text);
    for (const more of [[], ['--write-baseline']])
      expect(await withBaseline('--all', ...more)).toMatchObject({ code: 64, err: expect.stringContaining(said) });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('is needed by --write-baseline and --prune-baseline, and its folder must be writable', async () => {
    for (const option of ['--write-baseline', '--prune-baseline'])
      expect(await verify(spoilt.databaseUrl, '--all', option)).toMatchObject({
        code: 64,
        err: expect.stringContaining(`${option} needs --baseline`),
      });
    const nowhere = ['--baseline', '/no/such/folder/known.json', '--write-baseline'];
    expect(await verify('postgres://127.0.0.1:9/x', '--all', ...nowhere)).toMatchObject({
      code: 64,
      err: expect.stringContaining('--baseline: the file cannot be written'),
    });
  });

  test('excuses what --write-baseline accepted, and a later --write-baseline adds to it', async () => {
    await misname(spoilt, cases.second, 'nobody');
    expect(await withBaseline('--all', '--write-baseline')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/known\.json: 1\s+finding added, 0 removed\..* 1 baselined /s),
    });
    expect(await entries()).toEqual([`SV402 session ${cases.second}`]);
    expect(await withBaseline('--all')).toMatchObject({ code: 0, out: expect.stringContaining(' 1 baselined ') });
    await misname(spoilt, cases.first, 'nobody else');
    expect((await withBaseline('--all')).code).toBe(2);
    await nameAgain(spoilt, cases.second);
    expect((await withBaseline('--all', '--write-baseline')).code).toBe(0);
    expect(await entries()).toEqual([`SV402 session ${cases.first}`, `SV402 session ${cases.second}`].toSorted());
    expect(await readdir(directory.path)).toEqual(['known.json']);
  });

  test('accepts infos only if they fail the audit', async () => {
    for (let sessions = 0; sessions < 3; sessions += 1) {
      const { id: sessionId } = await begin(spoilt.guard, aStart(await spoilt.world.task()));
      await spoilt.guard.softDelete({ sessionId });
    }
    await withBaseline('--all', '--write-baseline');
    expect(await entries()).toEqual([]);
    const limited = ['--all', '--fail-on', 'info', '--max-findings', '2'];
    expect((await withBaseline(...limited)).code).toBe(2);
    expect((await withBaseline(...limited, '--write-baseline')).code).toBe(0);
    expect(await entries()).toHaveLength(3);
    expect((await withBaseline(...limited)).code).toBe(0);
  });

  test('does not accept a rule that did not run', async () => {
    await writeEntries('SV901 object archives');
    await using held = await holdLock(spoilt.databaseUrl, 'lock table archives in access exclusive mode');
    const { code, out } = await withBaseline('--all', '--write-baseline', '--max-duration', '1s', '--format', 'json');
    const { findings, summary } = reportSchema.parse(JSON.parse(out));
    expect([code, findings.map(({ rule }) => rule)]).toEqual([1, expect.arrayContaining(['SV901'])]);
    expect(summary.notes).toEqual([`${path} was not changed, because the audit is incomplete.`]);
    await held.letGo();
    expect(await entries()).toEqual(['SV901 object archives']);
  });
});

describe('--max-findings and a baseline', () => {
  test('accepted findings are not counted, so new ones are reported', async () => {
    await addMisnamed(spoilt, cases.second, 3);
    const limited = ['--all', '--max-findings', '1', '--format', 'json'];
    expect((await withBaseline(...limited, '--write-baseline')).code).toBe(0);
    expect(await entries()).toHaveLength(3);
    await misname(spoilt, cases.second, 'nobody else');
    const { code, out } = await withBaseline(...limited);
    const { findings, summary } = reportSchema.parse(JSON.parse(out));
    expect(findings.map(({ rule, subject }) => `${rule} ${subject.id}`)).toEqual([`SV402 ${cases.second}`]);
    expect([code, summary.truncated, summary.baselined]).toEqual([2, false, 3]);
  });

  test('an entry that the limit left out is neither out of date nor removed', async () => {
    await writeEntries('SV402 session gone');
    await addMisnamed(spoilt, cases.second, 3);
    const limited = ['--all', '--max-findings', '1', '--format', 'json'];
    for (const more of [[], ['--prune-baseline']]) {
      const { findings, summary } = reportSchema.parse(JSON.parse((await withBaseline(...limited, ...more)).out));
      expect(summary).toMatchObject({ truncated: true, cutOff: expect.arrayContaining(['SV402']) });
      expect(findings.map(({ rule }) => rule)).toEqual(['SV402']);
    }
    expect(await entries()).toEqual(['SV402 session gone']);
  });
});

describe('an entry that no longer occurs', () => {
  const gone = 'SV402 session gone';

  test('is SV902, which is a failure in JUnit, and --skip leaves it out', async () => {
    await writeEntries(gone);
    expect(await withBaseline('--all')).toMatchObject({
      code: 0,
      out: expect.stringContaining('SV902 baseline-stale'),
    });
    expect((await withBaseline('--all', '--fail-on', 'warning')).code).toBe(2);
    expect((await withBaseline('--all', '--rule', 'SV402', '--fail-on', 'warning')).code).toBe(2);
    expect((await withBaseline('--all', '--skip', 'SV902', '--fail-on', 'warning')).code).toBe(0);
    const { out } = await withBaseline('--all', '--format', 'junit');
    expect(flawsOfJunit(out)).toEqual([]);
    expect(out).toMatch(/name="SV902 baseline-stale">\s*<failure type="SV902"/);
    expect(await entries()).toEqual([gone]);
  });

  test('is removed by --prune-baseline after its rule was checked over everything', async () => {
    await misname(spoilt, cases.second, 'nobody');
    const still = `SV402 session ${cases.second}`;
    await writeEntries(gone, still);
    expect(await withBaseline('--all', '--prune-baseline', '--fail-on', 'warning')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/0 findings added, 1\s+removed/),
    });
    expect(await entries()).toEqual([still]);
  });

  test.each([
    ['an attempt', () => [cases.attemptId]],
    ['a task', () => ['--task', cases.taskId]],
    ['a sample', () => ['--sample', '100%']],
    ['a period', () => ['--since', '1h']],
  ])('is not judged by the audit of %s', async (_scope, args) => {
    await writeEntries(gone);
    const { code, out } = await withBaseline(...args(), '--prune-baseline', '--fail-on', 'warning');
    expect(code).toBe(0);
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      `Nothing was removed from ${path}: only --all shows which findings no longer occur.`,
    );
    expect(await entries()).toEqual([gone]);
  });

  test.each([
    ['without its rule', ['--rule', 'SV101']],
    ['that leaves its rule out', ['--skip', 'SV402']],
  ])('is not judged by an audit %s', async (_what, args) => {
    await writeEntries(gone, 'SV999 session of-a-later-release');
    expect((await withBaseline('--all', '--prune-baseline', '--fail-on', 'warning', ...args)).code).toBe(0);
    expect(await entries()).toHaveLength(2);
  });

  test('of a rule that also reads archive objects is judged only with --deep', async () => {
    await writeEntries('SV503 archive gone');
    expect((await withBaseline('--all', '--prune-baseline')).code).toBe(0);
    expect(await entries()).toEqual(['SV503 archive gone']);
    const deep = ['--all', '--deep', '--archive', `folder:${join(directory.path, 'archive')}`];
    expect((await withBaseline(...deep, '--prune-baseline')).code).toBe(0);
    expect(await entries()).toEqual([]);
  });

  test('is not judged by an incomplete audit, nor by one that read nothing', async () => {
    await writeEntries(gone);
    await using held = await holdLock(spoilt.databaseUrl, 'lock table archives in access exclusive mode');
    expect((await withBaseline('--all', '--prune-baseline', '--max-duration', '1s')).code).toBe(1);
    await held.letGo();
    const empty = await spoilt.world.task();
    expect((await withBaseline('--task', empty, '--prune-baseline')).code).toBe(1);
    expect(await entries()).toEqual([gone]);
  });
});
