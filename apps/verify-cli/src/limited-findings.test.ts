import { MODES, PHASES, type TaskId } from '@phaselock/core';
import { aStart, openTestGuard, type TestGuard } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addMisnamed, twoCases } from '../test/histories.ts';
import { flawsOfJunit } from '../test/junit-schema.ts';
import { verify } from '../test/run-verify.ts';
import { sarifSchema } from '../test/sarif-schema.ts';
import { reportSchema } from './report-schema.ts';

// A test starts the command several times.
vi.setConfig({ testTimeout: 120_000 });

describe('a clean history with more infos than the default limit', () => {
  const LIMIT = 10_000;
  const BATCH = 250;
  const SLOTS = PHASES.flatMap((phase) => MODES.map((mode) => ({ phase, mode })));
  let calm: TestGuard;
  beforeAll(async () => {
    calm = await openTestGuard();
    await startAndDelete(calm, LIMIT + 1);
  });
  afterAll(() => calm[Symbol.asyncDispose]());

  /** Sessions that were deleted unused, one info (SV302) for each, as the service itself makes them. */
  async function startAndDelete({ guard, world }: TestGuard, count: number): Promise<void> {
    const { rows } = await guard.database.pool.pg.query<{ id: TaskId }>(
      'insert into tasks (id, project_id, title) select gen_random_uuid(), $1, n::text from generate_series(1, $2::int) n returning id',
      [world.projectId, Math.ceil(count / SLOTS.length)],
    );
    const starts = rows.flatMap(({ id }) => SLOTS.map((slot) => ({ ...aStart(id), ...slot }))).slice(0, count);
    for (let from = 0; from < starts.length; from += BATCH) {
      const opened = await guard.bulkStart(starts.slice(from, from + BATCH));
      await guard.bulkDelete(opened.map((one) => (one.kind === 'created' ? one.session.id : expect.fail(one.kind))));
    }
  }

  const audit = (...args: readonly string[]) => verify(calm.databaseUrl, '--all', ...args);

  test('passes in JSON: it is complete, and the infos that are not listed are counted by rule', async () => {
    const { code, out } = await audit('--format', 'json');
    const { findings, summary } = reportSchema.parse(JSON.parse(out));
    expect([code, findings.length]).toEqual([0, LIMIT]);
    expect(summary).toMatchObject({
      errors: 0,
      warnings: 0,
      infos: LIMIT + 1,
      moreInfos: 1,
      infosLeftOut: [{ rule: 'SV302', count: 1 }],
      truncated: false,
      cutOff: [],
      exitCode: 0,
    });
  });

  test('passes in JUnit: no failure and no error', async () => {
    const { code, out } = await audit('--format', 'junit');
    expect([code, flawsOfJunit(out)]).toEqual([0, []]);
    expect(out).toMatch(/<testsuite [^>]*failures="0" errors="0"/);
    expect(out).toContain('1 info not listed because of --max-findings</system-out>');
  });

  test('passes for a person, who is told the number of infos, and fails with --fail-on info', async () => {
    expect(await audit()).toMatchObject({ code: 0, out: expect.stringContaining('10001 infos') });
    expect((await audit('--fail-on', 'info')).code).toBe(2);
  });
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
