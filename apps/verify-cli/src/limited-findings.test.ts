import { aStart, begin, openTestGuard, type TestGuard } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addMisnamed, twoCases } from '../test/histories.ts';
import { flawsOfJunit } from '../test/junit-schema.ts';
import { verify } from '../test/run-verify.ts';
import { sarifSchema } from '../test/sarif-schema.ts';
import { reportSchema } from './report-schema.ts';

// A test starts the command several times.
vi.setConfig({ testTimeout: 120_000 });

test('--max-findings lists at most so many infos, counts all of them, and is complete', async () => {
  await using calm = await openTestGuard();
  for (let sessions = 0; sessions < 3; sessions += 1) {
    const { id: sessionId } = await begin(calm.guard, aStart(await calm.world.task()));
    await calm.guard.softDelete({ sessionId });
  }
  const all = ['--all', '--max-findings', '2'];
  const { code, out } = await verify(calm.databaseUrl, ...all, '--format', 'json');
  const { findings, summary } = reportSchema.parse(JSON.parse(out));
  expect(code).toBe(0);
  expect(findings.map(({ rule }) => rule)).toEqual(['SV302', 'SV302']);
  expect(summary).toMatchObject({ infos: 3, moreInfos: 1, truncated: false, cutOff: [], exitCode: 0 });
  expect((await verify(calm.databaseUrl, ...all)).out).toContain('3 infos');
  expect((await verify(calm.databaseUrl, ...all, '--fail-on', 'info')).code).toBe(2);
});

describe('a rule that --max-findings cut off is named', () => {
  let spoilt: TestGuard;
  const audit = (format: string) =>
    verify(spoilt.databaseUrl, '--all', '--rule', 'SV402,SV501', '--max-findings', '2', '--format', format);
  beforeAll(async () => {
    spoilt = await openTestGuard();
    await addMisnamed(spoilt, (await twoCases(spoilt)).second, 3);
  });
  afterAll(() => spoilt[Symbol.asyncDispose]());

  test('in the summary of JSON and NDJSON, and is neither run nor skipped', async () => {
    const { code, out } = await audit('json');
    const { findings, summary } = reportSchema.parse(JSON.parse(out));
    expect([code, findings.length]).toEqual([2, 2]);
    expect(summary).toMatchObject({ truncated: true, cutOff: expect.arrayContaining(['SV402']), exitCode: 2 });
    expect([summary.ran, summary.skipped]).toEqual([
      expect.not.arrayContaining(['SV402']),
      expect.not.arrayContaining(['SV402']),
    ]);
    const [last = ''] = (await audit('ndjson')).out.trim().split('\n').slice(-1);
    expect(JSON.parse(last)).toMatchObject({ type: 'summary', cutOff: expect.arrayContaining(['SV402']) });
  });

  test('in the human report and its last line', async () => {
    const { out } = await audit('human');
    expect(out.replaceAll('\n', ' ')).toMatch(/Cut off, so that they may have more: [^.]*SV402[^.]*\./);
    expect(out).toMatch(/ rules? run, \d+ skipped · [12] cut off · 2 errors .* · FAILED \(exit 2\)\n$/);
  });

  test('in JUnit as an error with what was found until then', async () => {
    const { out } = await audit('junit');
    expect(flawsOfJunit(out)).toEqual([]);
    expect(out).toMatch(/name="SV402 [^>]*>\s*<error type="not-run" message="cut off by --max-findings">session /);
    expect(out).toMatch(/<testsuite [^>]*failures="0" errors="[12]"/);
  });

  test('in GitHub as a warning', async () => {
    const { out } = await audit('github');
    expect(out).toMatch(/^::warning title=cut off by --max-findings::more findings may exist of .*SV402/m);
    expect(out).toMatch(/ [12] cut off, 2 errors, /);
  });

  test('in SARIF as a notification of an execution that was not successful', async () => {
    const [run] = sarifSchema.parse(JSON.parse((await audit('sarif')).out)).runs;
    expect(run?.invocations).toMatchObject([
      {
        executionSuccessful: false,
        toolExecutionNotifications: [
          { level: 'warning', message: { text: expect.stringMatching(/^cut off by --max-findings: .*SV402/) } },
        ],
      },
    ]);
  });
});
