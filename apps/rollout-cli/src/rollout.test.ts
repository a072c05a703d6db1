import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CAMPAIGN_RACEPOINTS } from '@phaselock/rollout';
import { eventually, holdLock, spawnNode, temporaryDirectory } from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { World } from '../../../packages/rollout/test/synthetic-world.ts';
import { type Home, openHome } from '../test/open-home.ts';
import { serveWorld } from '../test/serve-world.ts';

const MAIN = resolve(import.meta.dirname, 'main.ts');
const A_MINUTE_MS = 60_000;

let home: Home;
beforeEach(async () => {
  home = await openHome();
});
afterEach(() => home[Symbol.asyncDispose]());

type Flag = { enabled: boolean; killed: boolean; percent: string; version: number };
const flag = async (): Promise<Flag | undefined> =>
  (await home.rows<Flag>("select * from flag_states where name = 'single_session_guard'"))[0];
const steps = async (): Promise<string[]> =>
  (await home.rows<{ action: string }>('select action from rollout_steps order by id')).map(({ action }) => action);

/** A bake of the first stage that started 40 minutes ago, with a Prometheus that has samples of all of it. */
async function aBakeThatIsOver(failing: World['failing'] = {}) {
  await home.rollout('start', '--instances', '2');
  await home.rows("update rollouts set baking_since = baking_since - interval '40 minutes'");
  const now = Date.now();
  const world = await serveWorld({
    from: now - 41 * A_MINUTE_MS,
    to: now + 5 * A_MINUTE_MS,
    percent: 5,
    version: (await flag())?.version ?? 0,
    perHour: 20_000,
    failing,
  });
  home.prometheus = world.url;
  return world;
}

describe('usage', () => {
  test.each([
    [['--help'], 0, /^usage:/],
    [[], 0, /^usage:/],
    [['schema'], 0, /"schemaVersion"/],
  ])('%j is printed', async (args, code, out) => {
    const ran = await home.rollout(...args);
    expect(ran).toMatchObject({ code, err: '' });
    expect(ran.out).toMatch(out);
  });

  test.each([
    [['nonsense'], 'there is no command nonsense'],
    [['status', '--flag', 'no_such_flag'], 'there is no flag no_such_flag'],
    [['simulate', '/no/such/file'], 'the recording cannot be read'],
  ])('%j exits with 4 and a message', async (args, err) => {
    const ran = await home.rollout(...args);
    expect(ran.code).toBe(4);
    expect(ran.err).toContain(err);
    expect(ran.err).not.toMatch(/ {4}at /);
  });

  test('a missing database and an invalid stages file exit with 4 and a message', async () => {
    const run = async (env: Record<string, string>) => {
      await using child = spawnNode(MAIN, { args: ['start'], env: { ...home.env(), ...env } });
      return { ...(await child.exited), err: child.stderr() };
    };
    expect(await run({ PHASELOCK_DATABASE_URL: 'postgres://127.0.0.1:1/x' })).toMatchObject({
      code: 4,
      err: expect.stringContaining('rollout: the database:'),
    });
    expect(await run({ PHASELOCK_DATABASE_URL: '', PHASELOCK_DATA_DIR: '/no/such/place' })).toMatchObject({
      code: 4,
      err: expect.stringContaining('/no/such/place holds no embedded one'),
    });
    expect(await run({ PHASELOCK_ROLLOUT_STAGES: MAIN })).toMatchObject({
      code: 4,
      err: expect.stringContaining('the stages'),
    });
  });
});

describe('a rollout', () => {
  test('starts at 5 %, and suggests a command if the flag is already on', async () => {
    expect(await home.rollout('start', '--instances', '2', '--why', 'release 1.4')).toMatchObject({ code: 0, err: '' });
    expect(await flag()).toMatchObject({ enabled: true, percent: '5.00' });
    expect((await home.json('status')).campaign).toMatchObject({
      stage: 1,
      percent: 5,
      state: 'baking',
      expectedInstances: 2,
    });
    await home.rollout('abort', '--why', 'again');
    await home.rows(`select set_flag('single_session_guard', '{"enabled": true, "percent": 100}', 'a test', '', null)`);
    const ran = await home.rollout('start');
    expect(ran.code).toBe(4);
    expect(ran.out.replaceAll('\n', ' ')).toContain(
      'is on for 100 % already. To roll it out from the beginning, switch it off first: `rollout kill',
    );
  });

  test('is promoted after a passed bake, and the step names the verdict with its gates', async () => {
    await using _world = await aBakeThatIsOver();
    const promoted = await home.json('promote');
    expect(promoted).toMatchObject({
      outcome: 'pass',
      exitCode: 0,
      campaign: { stage: 2, percent: 25 },
      verdict: { why: 'proven' },
    });
    expect(await flag()).toMatchObject({ enabled: true, percent: '25.00' });
    const { history } = await home.json('history');
    expect(history?.steps[0]).toMatchObject({
      action: 'promote',
      verdictId: 1,
      from: { percent: 5 },
      to: { percent: 25 },
    });
    const gate = history?.verdicts[0]?.gates.find((one) => one.gate === 'replacement_success');
    expect(gate).toMatchObject({
      outcome: 'pass',
      limit: 0.01,
      failures: 0,
      queries: [expect.stringContaining('replacement_attempts'), expect.anything()],
    });
    const told = await home.rollout('history', '--gates');
    expect(told.out).toMatch(/step 2: promote, stage 2, 5 → 25 %, baking → baking/);
    expect(told.out).toMatch(/replacement_success +\d+\/913 +0 +0\.\d\d % +1\.00 % +pass/);
  });

  test('is not promoted after a failed bake (exit 2), unless it is forced, which is recorded', async () => {
    await using _world = await aBakeThatIsOver({ treatment: 0.2 });
    expect(await home.json('promote')).toMatchObject({
      outcome: 'fail',
      exitCode: 2,
      campaign: { state: 'holding', heldFor: 'verdict' },
    });
    expect(await flag()).toMatchObject({ percent: '5.00' });
    expect((await home.rollout('promote')).code).toBe(4);
    expect((await home.rollout('promote', '--force', '--why', 'a load test failed')).code).toBe(0);
    expect(await flag()).toMatchObject({ percent: '25.00' });
    expect((await home.json('history')).history?.steps[0]).toMatchObject({
      forced: true,
      verdictId: 1,
      why: 'a load test failed',
    });
  });

  test('is not promoted while Prometheus is down (exit 3)', async () => {
    await home.rollout('start');
    await home.rows("update rollouts set baking_since = baking_since - interval '40 minutes'");
    const ran = await home.json('promote');
    expect(ran).toMatchObject({
      outcome: 'inconclusive',
      exitCode: 3,
      campaign: { state: 'holding', heldFor: 'evidence' },
    });
    expect(ran.verdict?.holds).toMatchObject([{ reason: 'prometheus_unavailable' }]);
    expect(await flag()).toMatchObject({ percent: '5.00' });
  });

  test('is not promoted before the end of its bake (exit 3)', async () => {
    await using _world = await aBakeThatIsOver();
    await home.rows("update rollouts set baking_since = baking_since + interval '35 minutes'");
    expect(await home.json('promote')).toMatchObject({
      exitCode: 3,
      verdict: { why: 'baking' },
      campaign: { state: 'baking' },
    });
  });

  test('is judged by the clock of the database, not by that of the machine of the user', async () => {
    await using _world = await aBakeThatIsOver();
    await using folder = await temporaryDirectory();
    const aDay = join(folder.path, 'clock');
    await writeFile(aDay, String(24 * 60 * A_MINUTE_MS));
    const shifted = resolve(import.meta.dirname, '../../../chaos/world/shift-clock.ts');
    const env = { ...home.env(), NODE_OPTIONS: `--import ${shifted}`, CHAOS_CLOCK_FILE: aDay };
    await using child = spawnNode(MAIN, { args: ['promote', '--json'], env });
    expect(await child.exited).toMatchObject({ code: 0 });
    expect(await flag()).toMatchObject({ percent: '25.00' });
  });
});

describe('watch', () => {
  test('without --act reports what it would do, and writes nothing', async () => {
    await using _world = await aBakeThatIsOver();
    const ran = await home.rollout('watch', '--once');
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('would act: promoted from 5 to 25 %');
    expect(await steps()).toEqual(['start']);
    expect(await home.rows('select 1 from rollout_verdicts')).toEqual([]);
  });

  test('with --act promotes after a passed bake', async () => {
    await using _world = await aBakeThatIsOver();
    expect((await home.rollout('watch', '--act', '--once')).code).toBe(0);
    expect(await steps()).toEqual(['start', 'promote']);
  });

  test('with --act aborts on an early failure: the flag is off, and users get an announcement', async () => {
    await using _world = await aBakeThatIsOver({ treatment: 0.2 });
    await home.rows("update rollouts set baking_since = baking_since + interval '20 minutes'");
    const ran = await home.rollout('watch', '--act');
    expect(ran.code).toBe(2);
    expect(await flag()).toMatchObject({ enabled: false, percent: '0.00' });
    expect(await steps()).toEqual(['start', 'abort']);
    expect((await home.json('status')).announcements).toMatchObject([{ kind: 'off', active: true }]);
  });

  test('with --act switches a failing flag off, even if an open transaction locks its row', async () => {
    await using _world = await aBakeThatIsOver({ treatment: 0.2 });
    await home.rows("update rollouts set baking_since = baking_since + interval '20 minutes'");
    await using _left = await holdLock(home.url, "select from flags where name = 'single_session_guard' for update");
    const ran = await home.rollout('watch', '--act', '--every', '1s');
    expect(ran).toMatchObject({ code: 2, err: '' });
    expect(await flag()).toMatchObject({ enabled: false, killed: true });
    expect(await steps()).toEqual(['start', 'kill-seen']);
  });

  test('ends with 4 if another process took over the rollout', async () => {
    await home.rollout('start');
    await using watching = spawnNode(MAIN, { args: ['watch', '--act', '--every', '1s'], env: home.env() });
    await watching.waitForLine(/on hold/);
    expect((await home.rollout('pause', '--take-over', '--why', 'an incident')).code).toBe(0);
    expect(await watching.exited).toEqual({ code: 4, signal: null });
  });

  test('releases its lease when it is stopped', async () => {
    await home.rollout('start');
    await using child = spawnNode(MAIN, {
      args: ['watch', '--act'],
      env: { ...home.env(), PHASELOCK_ROLLOUT_LEASE_SECONDS: '600' },
    });
    await child.waitForLine(/on hold/);
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 130, signal: null });
    expect((await home.json('status')).campaign?.lease).toBeNull();
  });
});

describe('an abort', () => {
  test('that cannot lock the row of the flag becomes a kill, and reports that', async () => {
    await home.rollout('start');
    await using _left = await holdLock(home.url, "select from flags where name = 'single_session_guard' for update");
    const ran = await home.rollout('abort', '--why', 'it fails');
    expect(ran.code).toBe(4);
    expect(ran.err).toContain('was killed instead');
    expect(await flag()).toMatchObject({ enabled: false, killed: true });
  });
});

describe('two commands at once', () => {
  test('let one act; the other names the holder and the end of the lease, and exits with 4', async () => {
    await home.rollout('start');
    const env = { ...home.env(), PHASELOCK_ROLLOUT_LEASE_SECONDS: '600' };
    await using watching = spawnNode(MAIN, { args: ['watch', '--act', '--by', 'ann'], env });
    await watching.waitForLine(/on hold/);
    const second = await home.rollout('promote', '--by', 'bob');
    expect(second).toMatchObject({ code: 4, out: '' });
    expect(second.err).toMatch(/^rollout: ann@\S+\/\d+-[0-9a-f]{4} holds the rollout until 2\d{3}-/);
    // After --take-over, the first one cannot write any more.
    expect((await home.rollout('pause', '--take-over', '--by', 'bob', '--why', 'an incident')).code).toBe(0);
    expect((await home.json('status')).campaign).toMatchObject({ state: 'paused', lease: null });
    expect((await steps()).at(-1)).toBe('pause');
  });

  test('let one of six simultaneous promotions succeed', async () => {
    await using _world = await aBakeThatIsOver();
    const ran = await Promise.all(Array.from({ length: 6 }, () => home.rollout('promote')));
    expect(ran.filter(({ code }) => code === 0)).toHaveLength(1);
    expect(ran.filter(({ code }) => code !== 0 && code !== 3 && code !== 4)).toEqual([]);
    expect((await steps()).filter((action) => action === 'promote')).toEqual(['promote']);
    expect(await flag()).toMatchObject({ percent: '25.00' });
  });
});

describe('kill -9 between two steps', () => {
  test.each(CAMPAIGN_RACEPOINTS)('at %s of a promotion lets the next run continue', async (place) => {
    await using _world = await aBakeThatIsOver();
    expect(await home.killedAt(place, 'promote')).toMatchObject({ signal: 'SIGKILL' });
    const done = place === 'stepped' || place === 'lease-released';
    expect(await flag()).toMatchObject({ percent: done ? '25.00' : '5.00' });
    // The lease of the killed process expires. The next one promotes if the first did not, and never twice.
    const next = await eventually(async () => {
      const ran = await home.json('promote');
      if (ran.error?.code === 'held-by-another') throw new Error('still held');
      return ran;
    });
    expect(next).toMatchObject(
      done ? { exitCode: 3, campaign: { stage: 2 } } : { exitCode: 0, campaign: { stage: 2 } },
    );
    expect(await flag()).toMatchObject({ enabled: true, percent: '25.00' });
    expect((await steps()).filter((action) => action === 'promote')).toEqual(['promote']);
    const verdicts = await home.rows(
      'select 1 from rollout_steps s join rollout_verdicts v on v.id = s.verdict_id where v.decision = $$proven$$',
    );
    expect(verdicts).toHaveLength(1);
  });
});

describe('kill', () => {
  test('works under the lease of another process, with locked rows and without Prometheus, and is announced', async () => {
    await home.rollout('start');
    await home.rows("select * from take_rollout('single_session_guard', 'another process', 600000)");
    await using _flags = await holdLock(home.url, 'select 1 from flags for update');
    await using _rollouts = await holdLock(home.url, 'select 1 from rollouts for update');
    expect(await home.rollout('kill', '--why', 'sessions get lost')).toMatchObject({ code: 0, err: '' });
    expect(await flag()).toMatchObject({ enabled: false, killed: true });
    const { announcements, campaign } = await home.json('status');
    expect(announcements).toMatchObject([{ kind: 'off', active: true }]);
    expect(campaign?.present.kill).toMatchObject({ why: 'sessions get lost' });
  });

  test('is written to the database if the API fails', async () => {
    const ran = await home.json('kill', '--why', 'x', '--api', 'http://127.0.0.1:1');
    expect(ran).toMatchObject({
      outcome: 'pass',
      notes: [expect.stringContaining('the kill was written to the database'), expect.anything(), expect.anything()],
    });
    expect(await flag()).toMatchObject({ killed: true });
  });

  test('is recorded by the controller, which ends with 2 and does not switch the flag on again', async () => {
    await home.rollout('start');
    await home.rollout('kill', '--why', 'x');
    expect((await home.rollout('watch', '--act')).code).toBe(2);
    expect(await steps()).toEqual(['start', 'kill-seen']);
    expect((await home.rollout('resume')).code).toBe(4);
    expect((await home.rollout('resume', '--release-kill', '--why', 'mended')).code).toBe(0);
    expect(await flag()).toMatchObject({ enabled: true, killed: false, percent: '5.00' });
  });
});

describe('a recorded bake', () => {
  test.each([
    ['proven', {}, 0],
    ['failed_early', { treatment: 0.2 }, 2],
  ])('has the same verdict when it is simulated: %s', async (why, failing, code) => {
    await using _world = await aBakeThatIsOver(failing);
    await using folder = await temporaryDirectory();
    const file = join(folder.path, 'bake.ndjson');
    const judged = await home.json('status', '--judge', '--record', file);
    expect(judged).toMatchObject({ exitCode: code, verdict: { why } });
    home.prometheus = 'http://127.0.0.1:1';
    const again = await home.json('simulate', file);
    expect(again.exitCode).toBe(code);
    expect(again.verdict).toEqual(judged.verdict);
    expect((await home.rollout('simulate', file, '--every', '10m')).err).toContain('leave --every out');
  });

  test('is held in both if Prometheus was down, and an unwritable file exits with 4 and a message', async () => {
    await home.rollout('start', '--instances', '7');
    await using folder = await temporaryDirectory();
    const file = join(folder.path, 'bake.ndjson');
    const judged = await home.json('status', '--judge', '--record', file);
    expect(judged).toMatchObject({ exitCode: 3, verdict: { why: 'held' } });
    expect((await home.json('simulate', file)).verdict).toEqual(judged.verdict);
    const ran = await home.rollout('status', '--judge', '--record', folder.path);
    expect(ran).toMatchObject({ code: 4, err: expect.stringContaining('the recording cannot be written') });
  });
});

describe('history', () => {
  test('is one timeline with one limit, and reports what it leaves out', async () => {
    await home.rollout('start');
    for (const round of [1, 2, 3]) {
      await home.rows(`select kill_flag('single_session_guard', 'ann', 'round ${round}')`);
      await home.rollout('resume', '--release-kill', '--why', `mended ${round}`);
    }
    const whole = await home.json('history');
    expect(whole.history?.leftOut).toBe(0);
    expect(whole.notes).toEqual([]);
    const { history, notes } = await home.json('history', '--limit', '3');
    const { steps = [], changes = [], verdicts = [], leftOut = 0 } = history ?? {};
    expect(steps.length + changes.length + verdicts.length).toBe(3);
    const all = whole.history;
    expect(leftOut).toBe((all?.steps.length ?? 0) + (all?.changes.length ?? 0) + (all?.verdicts.length ?? 0) - 3);
    expect(notes).toEqual([
      expect.stringContaining(`${leftOut} older ones are left out: --limit ${leftOut + 3} shows`),
    ]);
    const shown = [...steps, ...changes, ...verdicts].map(({ at }) => at).toSorted();
    const newest = [...(all?.steps ?? []), ...(all?.changes ?? []), ...(all?.verdicts ?? [])];
    expect(shown).toEqual(
      newest
        .map(({ at }) => at)
        .toSorted()
        .slice(-3),
    );
  });

  test('of one campaign has the flag changes of its time, and an unknown campaign is an error', async () => {
    await home.rollout('start');
    await home.rollout('abort', '--why', 'again');
    await home.rollout('start');
    await home.rows(`select kill_flag('single_session_guard', 'ann', 'in the second')`);
    const changesOf = async (campaign: string) => (await home.json('history', '--campaign', campaign)).history?.changes;
    const isKill = expect.objectContaining({ why: 'in the second' });
    expect(await changesOf('1')).not.toContainEqual(isKill);
    expect(await changesOf('2')).toContainEqual(isKill);
    expect(await home.json('history', '--campaign', '99')).toMatchObject({
      exitCode: 4,
      error: { code: 'no-campaign', message: expect.stringContaining('the newest is 2') },
    });
  });
});

describe('a pipe closed by its reader', () => {
  test.each([
    [['--help'], 0],
    [['schema'], 0],
    [['history'], 0],
    [['pause'], 4],
  ])('ends %j without a message and with its own exit code', async (args, code) => {
    const piped = spawn(
      'bash',
      ['-c', '"$@" | true; echo "code $PIPESTATUS"', 'bash', process.execPath, MAIN, ...args],
      { env: { ...process.env, ...home.env() } },
    );
    const told: string[] = [];
    for (const stream of [piped.stdout, piped.stderr]) stream.on('data', (part: Buffer) => told.push(String(part)));
    await once(piped, 'close');
    expect(told.join('')).toBe(`code ${code}\n`);
  });
});

describe('announce', () => {
  test('publishes a note beside the announcement of the stage, and withdraws one', async () => {
    await home.rollout('start', '--announce', 'one of twenty of you will notice');
    const { announcements } = await home.json('announce', 'a talk about it on Monday');
    expect(announcements).toMatchObject([
      { kind: 'note', text: 'a talk about it on Monday', active: true },
      { kind: 'stage', text: 'one of twenty of you will notice', active: true },
    ]);
    expect((await home.rollout('announce', '--withdraw', '2')).code).toBe(0);
    expect((await home.rollout('announce', '--withdraw', '2')).code).toBe(4);
    expect((await home.json('status')).announcements).toHaveLength(1);
  });
});
