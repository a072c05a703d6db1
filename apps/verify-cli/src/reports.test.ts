import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { openTestGuard, type TestGuard, temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { addMisnamed, misname, twoCases } from '../test/histories.ts';
import { flawsOfJunit } from '../test/junit-schema.ts';
import { MAIN, verify } from '../test/run-verify.ts';
import { sarifSchema } from '../test/sarif-schema.ts';
import { screenOf } from '../test/screen.ts';
import { reportSchema } from './report-schema.ts';
import { run } from './run.ts';

// A test starts the command several times.
vi.setConfig({ testTimeout: 120_000 });

let home: TestGuard;
let attemptId: string;
beforeAll(async () => {
  home = await openTestGuard();
  attemptId = (await twoCases(home)).attemptId;
});
afterAll(() => home[Symbol.asyncDispose]());

describe('a report', () => {
  test('of several megabytes is complete on a pipe; a pipe closed by its reader exits with 1', async () => {
    await using big = await openTestGuard();
    await addMisnamed(big, (await twoCases(big)).second, 16_000);
    const args = ['--all', '--rule', 'SV402', '--format', 'json', '--max-findings', '1000000'];
    const { code, out } = await verify(big.databaseUrl, ...args);
    expect(out.length).toBeGreaterThan(5_000_000);
    expect(reportSchema.parse(JSON.parse(out)).findings).toHaveLength(16_000);
    expect(code).toBe(2);

    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, PHASELOCK_DATABASE_URL: big.databaseUrl },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await once(child, 'close')).toEqual([1, null]);
  });

  test('in JSON matches its schema, and the schema in docs is up to date', async () => {
    const { out } = await verify(home.databaseUrl, attemptId, '--format', 'json', '--report');
    const report = reportSchema.parse(JSON.parse(out));
    expect(report.timeline).toHaveLength(3);
    expect(report.summary).toMatchObject({
      exitCode: 0,
      counts: { sessions: 2, tasks: 1, validTasks: 1, interactions: 3 },
    });
    const file = resolve(import.meta.dirname, '../../../docs/verify-sessions.schema.json');
    const { out: schema } = await verify(undefined, 'schema');
    if (process.env.PHASELOCK_UPDATE_DOCS === '1') await writeFile(file, schema);
    expect(await readFile(file, 'utf8'), 'PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test apps/verify-cli').toBe(schema);
  });

  test('is well-formed in NDJSON, JUnit, GitHub and SARIF format', async () => {
    await using spoilt = await openTestGuard();
    const { second } = await twoCases(spoilt);
    await misname(spoilt, second, 'a <b> & "c"\u0001%');
    const inFormat = async (format: string): Promise<string> =>
      (await verify(spoilt.databaseUrl, '--all', '--format', format)).out;

    const lines = (await inFormat('ndjson'))
      .trim()
      .split('\n')
      .map((line) => z.looseObject({ type: z.string() }).parse(JSON.parse(line)));
    expect(lines.map(({ type }) => type)).toEqual(['audit', 'finding', 'summary']);

    const xml = await inFormat('junit');
    expect(flawsOfJunit(xml)).toEqual([]);
    expect(xml).toContain(
      '<failure type="SV402" message="1: it names a &lt;b&gt; &amp; &quot;c&quot;\ufffd%, which no process of it reported">',
    );

    expect(await inFormat('github')).toMatch(
      /^::error title=SV402 session-names-another-conversation::session \S+: .*%25/,
    );

    const [one] = sarifSchema.parse(JSON.parse(await inFormat('sarif'))).runs;
    expect(one?.results.map(({ ruleId, ruleIndex }) => [ruleId, one.tool.driver.rules[ruleIndex]?.id])).toEqual([
      ['SV402', 'SV402'],
    ]);
  });

  test('has colours with --color always, and by default none on a pipe', async () => {
    expect((await verify(home.databaseUrl, '--all')).out).not.toContain('\u001b[');
    expect((await verify(home.databaseUrl, '--all', '--color', 'always')).out).toContain('\u001b[32mOK');
  });
});

describe('-o', () => {
  test('writes the report to the file instead of standard output, and nothing else beside it', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'report.json');
    expect(await verify(home.databaseUrl, '--all', '--format', 'json', '-o', path)).toMatchObject({ code: 0, out: '' });
    expect(reportSchema.parse(JSON.parse(await readFile(path, 'utf8'))).findings).toEqual([]);
    expect(await readdir(directory.path)).toEqual(['report.json']);
  });

  test('keeps a FIFO and a symbolic link', async () => {
    await using directory = await temporaryDirectory();
    const at = (name: string): string => join(directory.path, name);
    const [pipe, link, file] = [at('pipe'), at('link'), at('file')];
    await promisify(execFile)('mkfifo', [pipe]);
    const [{ code }, heard] = await Promise.all([
      verify(home.databaseUrl, '--all', '--format', 'json', '-o', pipe),
      readFile(pipe, 'utf8'),
    ]);
    expect([code, reportSchema.parse(JSON.parse(heard)).findings]).toEqual([0, []]);
    expect((await stat(pipe)).isFIFO()).toBe(true);
    await writeFile(file, 'of yesterday');
    await symlink(file, link);
    expect(await verify(home.databaseUrl, '--all', '--format', 'json', '-o', link)).toMatchObject({ code: 0 });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(reportSchema.parse(JSON.parse(await readFile(file, 'utf8'))).findings).toEqual([]);
    expect((await readdir(directory.path)).toSorted()).toEqual(['file', 'link', 'pipe']);
  });

  test('exits with 64 for a path that cannot be written, before the database is opened', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    for (const [path, said] of [
      ['/no/such/folder/report', 'cannot write /no/such/folder/report: ENOENT: no such file or directory\n'],
      [join(file, 'report'), 'ENOTDIR'],
      [directory.path, 'is a folder, not a file'],
    ] as const)
      expect(await verify('postgres://127.0.0.1:9/x', '--all', '-o', path)).toMatchObject({
        code: 64,
        err: expect.stringContaining(said),
      });
  });

  test('leaves the folder and an older report as they were if the audit cannot begin', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'report');
    await writeFile(path, 'of yesterday');
    for (const [url, attempt, code] of [
      ['postgres://127.0.0.1:9/x', '--all', 1],
      [home.databaseUrl, 'ffffffff-0000-7000-8000-000000000000', 3],
    ] as const)
      expect((await verify(url, attempt, '-o', path)).code).toBe(code);
    expect(await readdir(directory.path)).toEqual(['report']);
    expect(await readFile(path, 'utf8')).toBe('of yesterday');
  });
});

/** Runs the command as on a terminal that shows both streams, and returns what was printed on it. */
async function onTerminal(...args: readonly string[]): Promise<string> {
  const state = { text: '' };
  const stream = () =>
    Object.assign(
      new Writable({
        write: (chunk, _encoding, done) => {
          state.text += String(chunk);
          done();
        },
      }),
      { isTTY: true },
    );
  const env = { PHASELOCK_DATABASE_URL: home.databaseUrl, NO_COLOR: '1' };
  const ended = new AbortController().signal;
  await run({ argv: args, env, stdout: stream(), stderr: stream(), release: '1.2.3', ended });
  return state.text;
}

describe('on a terminal', () => {
  test('the line of progress is shown, and is gone when the report is printed', async () => {
    const printed = await onTerminal('--all');
    expect(printed).toMatch(/\d+\/\d+ \w+/);
    const shown = screenOf(printed);
    expect(shown.filter((line) => /\d+\/\d+ \w+/.test(line))).toEqual([]);
    expect(shown.at(-2)).toMatch(/^\d+ rules run, .* · OK$/);
    expect(shown.at(-1)).toBe('');
    expect(await onTerminal('--all', '-q')).not.toContain('\r');
  });

  test.each(['json', 'ndjson', 'github', 'junit', 'sarif'])('a report in %s format is whole', async (format) => {
    const text = screenOf(await onTerminal('--all', '--format', format)).join('\n');
    if (format === 'json') expect(reportSchema.parse(JSON.parse(text)).summary.exitCode).toBe(0);
    if (format === 'ndjson')
      expect(
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toHaveLength(2);
    if (format === 'sarif') expect(sarifSchema.parse(JSON.parse(text)).runs).toHaveLength(1);
    if (format === 'junit') expect(flawsOfJunit(text)).toEqual([]);
    if (format === 'github') expect(text).toMatch(/^verify-sessions 1\.2\.3: .*\n$/);
  });
});
