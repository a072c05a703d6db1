import { releaseRollout, renewRollout, stepRollout, takeRollout } from '@phaselock/store';
import { eventually, holdLock } from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FLAG, judgedAs, openCampaign, promote, start, type TestCampaign } from '../../test/campaign/open-campaign.ts';
import { HeldByAnother } from './hold-rollout.ts';
import type { CampaignRacepoint } from './racepoints.ts';

let home: TestCampaign;
beforeEach(async () => {
  home = await openCampaign();
});
afterEach(() => home[Symbol.asyncDispose]());

const kill = (why = 'it fails'): Promise<unknown> => home.rows(`select kill_flag('${FLAG}', 'ann', '${why}')`);
const effective = async (): Promise<{ enabled: boolean; percent: string; version: number; killed: boolean }> => {
  const [row] = await home.rows<{ enabled: boolean; percent: string; version: number; killed: boolean }>(
    `select enabled, percent, version, killed from flag_states where name = '${FLAG}'`,
  );
  if (row === undefined) throw new Error('the flag is not there');
  return row;
};
const actions = async (): Promise<string[]> =>
  (await home.rows<{ action: string }>('select action from rollout_steps order by id')).map(({ action }) => action);
const active = async (): Promise<string[]> =>
  (await home.rows<{ text: string }>('select text from announcement_states where active order by id')).map(
    ({ text }) => text,
  );

describe('a campaign', () => {
  test('goes from 5 to 100 % in steps, each with a verdict, an announcement and a flag change', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    for (const percent of [25, 50, 100]) {
      expect((await home.run(held, promote, judgedAs('proven'))).decision).toMatchObject({
        kind: 'step',
        outcome: 'pass',
      });
      expect(await effective()).toMatchObject({ enabled: true, percent: `${percent}.00` });
      expect(await active()).toEqual([`on for ${percent} %`]);
    }
    await home.run(held, promote, judgedAs('proven'));
    expect(await home.record()).toMatchObject({
      campaign: 1,
      stage: 4,
      percent: 100,
      state: 'done',
      bakingSince: null,
    });
    expect(await actions()).toEqual(['start', 'promote', 'promote', 'promote', 'done']);
    const steps = await home.rows<{ decision: string | null; why: string }>(
      'select v.decision, s.why from rollout_steps s left join rollout_verdicts v on v.id = s.verdict_id order by s.id',
    );
    expect(steps.map(({ decision }) => decision)).toEqual([null, 'proven', 'proven', 'proven', 'proven']);
    const changes = await home.rows<{ actor: string; to: { percent: number } }>(
      `select actor, "to" from flag_changes where flag = '${FLAG}' and "to" ? 'percent' order by id`,
    );
    expect(changes.slice(1).map(({ to }) => Number(to.percent))).toEqual([5, 25, 50, 100]);
  });

  test('is aborted on a failed verdict: the flag is off, and users get an announcement', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    await home.run(held, { kind: 'tick' }, judgedAs('failed_early'));
    expect(await effective()).toMatchObject({ enabled: false, percent: '0.00' });
    expect(await home.record()).toMatchObject({ state: 'aborted', stage: 0, percent: 0 });
    expect(await active()).toEqual(['off again']);
    expect((await home.run(held, start)).decision).toMatchObject({ kind: 'step' });
    expect(await home.record()).toMatchObject({ campaign: 2, state: 'baking', stage: 1 });
  });

  test('names the overridden verdict in a forced step', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    await home.run(held, promote, judgedAs('failed'));
    await home.run(held, { kind: 'promote', force: { why: 'the failures were a test' } });
    const [step] = await home.rows('select forced, why, verdict_id from rollout_steps order by id desc limit 1');
    expect(step).toEqual({ forced: true, why: 'the failures were a test', verdict_id: 1 });
    expect(await home.rows('select decision from rollout_verdicts')).toEqual([{ decision: 'failed' }]);
  });

  test('moves the start of the bake after unreliable counts, and judges again from there', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    const since = (await home.record()).bakingSince?.getTime() ?? 0;
    const { decision } = await home.run(held, { kind: 'tick' }, judgedAs('held', since + 5));
    expect(decision).toMatchObject({ step: { action: 'hold' } });
    expect((await home.record()).bakingSince?.getTime()).toBe(since + 5);
    expect(await home.record()).toMatchObject({ state: 'holding', heldFor: 'evidence' });
    await home.run(held, { kind: 'tick' }, judgedAs('baking'));
    expect(await home.record()).toMatchObject({ state: 'baking' });
    expect(await actions()).toEqual(['start', 'rebake', 'hold', 'resume']);
  });

  test('does not overwrite a flag that was changed by hand', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    await home.rows(`select set_flag('${FLAG}', '{"percent": 40}', 'bob', 'impatient', null)`);
    await home.run(held, promote, judgedAs('proven'));
    expect(await effective()).toMatchObject({ percent: '40.00' });
    expect(await home.record()).toMatchObject({ state: 'holding', heldFor: 'flag', percent: 5 });
    expect((await home.run(held, { kind: 'resume', why: '', releaseKill: false })).decision).toMatchObject({
      refusal: 'flag-changed',
      told: expect.stringContaining('bob'),
    });
  });

  test('does not overwrite a flag that is changed by hand between read and write', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    const at = once('judged', () => home.rows(`update flags set percent = 40 where name = '${FLAG}'`));
    await home.run(held, promote, judgedAs('proven'), at);
    expect(await effective()).toMatchObject({ percent: '40.00' });
    expect(await home.record()).toMatchObject({ state: 'holding', heldFor: 'flag' });
  });

  test.each(['rollout_steps', 'rollout_verdicts'])('has append-only rows in %s', async (table) => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    await home.run(held, promote, judgedAs('failed'));
    for (const change of [`update ${table} set fence = 9`, `delete from ${table}`, `truncate ${table} cascade`])
      await expect(home.rows(change)).rejects.toMatchObject({ code: '23001' });
  });

  test('has announcements that cannot be changed or deleted, and can be withdrawn once', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    for (const change of ["update announcements set text = 'x'", 'delete from announcements', 'truncate announcements'])
      await expect(home.rows(change)).rejects.toMatchObject({ code: '23001' });
    await home.rows('update announcements set withdrawn_at = clock_timestamp()');
    await expect(home.rows('update announcements set withdrawn_at = null')).rejects.toMatchObject({ code: '23001' });
    expect(await active()).toEqual([]);
  });
});

/** Runs an action the first time a command reaches a racepoint. */
function once(name: CampaignRacepoint, act: () => Promise<unknown>) {
  let done = false;
  return async (place: CampaignRacepoint): Promise<void> => {
    if (place !== name || done) return;
    done = true;
    await act();
  };
}

describe('one writer at a time', () => {
  test('refuses a second writer, and names the holder and the end of its lease', async () => {
    await using _held = await home.hold('ann@a/1');
    await expect(home.hold('bob@b/2')).rejects.toThrow(/^ann@a\/1 holds the rollout until 2\d{3}-/);
  });

  test('releases its lease, or lets it expire', async () => {
    await home.hold('ann').then((held) => held[Symbol.asyncDispose]());
    const { database } = home;
    const lease = { flag: FLAG, leaseMs: 1 };
    const gone = await takeRollout(database, { ...lease, holder: 'killed' });
    const next = await eventually(async () => {
      const taken = await takeRollout(database, { ...lease, holder: 'bob', leaseMs: 60_000 });
      if (taken.kind !== 'taken') throw new Error('the lease is still held');
      return taken;
    });
    expect(next.fence).toBeGreaterThan(gone.kind === 'taken' ? gone.fence : 0);
    // A late process can neither renew nor release the lease of another.
    const late = gone.kind === 'taken' ? gone.fence : 0;
    expect(await renewRollout(database, FLAG, late)).toBe(false);
    expect(await releaseRollout(database, FLAG, late)).toBe(false);
    await expect(home.hold('carl')).rejects.toBeInstanceOf(HeldByAnother);
  });

  test('treats a lease as expired if the database clock was set back since', async () => {
    await takeRollout(home.database, { flag: FLAG, holder: 'ann', leaseMs: 60_000 });
    await home.rows("update rollouts set lease_until = lease_until + interval '1 day'");
    await using held = await home.hold('bob');
    expect(held.fence).toBe(2);
  });

  test('promotes nothing after another process took the lease', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    const takeOver = () =>
      takeRollout(home.database, { flag: FLAG, holder: 'bob@b/2', leaseMs: 60_000, evenHeld: true });
    await expect(home.run(held, promote, judgedAs('proven'), once('judged', takeOver))).rejects.toThrow(
      'the rollout was taken over by bob@b/2',
    );
    expect(await effective()).toMatchObject({ percent: '5.00' });
    expect(await actions()).toEqual(['start']);
    expect(await home.rows('select 1 from rollout_verdicts')).toEqual([]);
  });

  test('changes nothing if the state of the campaign changed since the decision', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    const to = { campaign: 1, stage: 2, percent: 25, state: 'baking', heldFor: null } as const;
    const flag = { change: { enabled: true, percent: 25 }, seenVersion: (await effective()).version };
    const step = { action: 'promote', why: '', bake: 'new', to, flag } as const;
    const seen = { campaign: 1, stage: 1, state: 'holding' } as const;
    const asked = { flag: FLAG, fence: held.fence, actor: 'ann', seen, step };
    expect(await stepRollout(home.database, asked)).toEqual({ kind: 'moved' });
    expect(await effective()).toMatchObject({ percent: '5.00' });
  });

  test('refuses an unknown flag', async () => {
    expect(await takeRollout(home.database, { flag: 'no_such', holder: 'ann', leaseMs: 1 })).toEqual({
      kind: 'unknown-flag',
    });
  });
});

describe('a kill', () => {
  test.each(['campaign-read', 'judged', 'stepped'] as const)('at racepoint %s of a promotion wins', async (place) => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    await home.run(held, promote, judgedAs('proven'), once(place, kill));
    expect(await effective()).toMatchObject({ enabled: false, killed: true });
    expect(await active()).toEqual(['off again']);
    expect((await home.run(held, promote, judgedAs('proven'))).decision).toMatchObject({ refusal: 'killed' });
  });

  test('does not wait for the open transaction of a step, and is not undone by it', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    const { version } = await effective();
    const to = { campaign: 1, stage: 2, percent: 25, state: 'baking', heldFor: null };
    const step = {
      seen: { campaign: 1, stage: 1, state: 'baking' },
      action: 'promote',
      actor: 'ann',
      why: 'passed',
      bake: 'new',
      to,
      flag: { change: { enabled: true, percent: 25 }, seenVersion: version },
      announcement: { kind: 'stage', text: 'on for 25 %' },
    };
    const open = home.database.transaction();
    await open.query({ name: 'a_step', text: 'select * from step_rollout($1, $2, $3)' }, [
      FLAG,
      held.fence,
      JSON.stringify(step),
    ]);
    await kill();
    expect(await effective()).toMatchObject({ enabled: false, killed: true });
    await open.commit();
    expect(await effective()).toMatchObject({ enabled: false, killed: true, percent: '25.00' });
    expect(await active()).toEqual(['off again']);
    expect((await home.run(held, { kind: 'tick' })).decision).toMatchObject({
      outcome: 'fail',
      step: { action: 'kill-seen' },
    });
    expect(await home.record()).toMatchObject({ state: 'holding', heldFor: 'kill' });
  });

  test.each([
    ['flags', `select 1 from flags where name = '${FLAG}' for update`],
    ['rollouts', `select 1 from rollouts where flag = '${FLAG}' for update`],
  ])('does not wait for a lock on a row of %s', async (_, statement) => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    await using _lock = await holdLock(home.url, statement);
    await kill();
    expect(await effective()).toMatchObject({ enabled: false, killed: true });
    expect(await active()).toEqual(['off again']);
  });

  test.each(['rollouts', 'announcements'])(
    'is written without an announcement while the table %s is locked',
    async (table) => {
      await using held = await home.hold('ann');
      await home.run(held, start);
      const lock = home.database.transaction();
      await lock.query({ name: 'a_lock', text: `lock table ${table} in access exclusive mode` }, []);
      await kill();
      expect(await effective()).toMatchObject({ enabled: false, killed: true });
      await lock.rollback();
    },
  );

  test('that was not read is not released together with one that was', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    await kill('first');
    const resume = { kind: 'resume', why: 'mended', releaseKill: true } as const;
    await home.run(
      held,
      resume,
      undefined,
      once('judged', () => kill('second')),
    );
    // The command retried and released both, because it releases every kill that it reads.
    const { version } = await effective();
    await kill('third');
    const to = { campaign: 1, stage: 1, percent: 5, state: 'baking', heldFor: null } as const;
    const flag = {
      change: { enabled: true, percent: 5, release_kills: true as const },
      seenVersion: version + 1,
      seenKill: 2,
    };
    const seen = { campaign: 1, stage: 1, state: 'baking' } as const;
    const step = { action: 'resume', why: 'mended', bake: 'new', to, flag } as const;
    const asked = { flag: FLAG, fence: held.fence, actor: 'ann', seen, step };
    expect(await stepRollout(home.database, asked)).toEqual({ kind: 'killed' });
    expect(await effective()).toMatchObject({ enabled: false, killed: true });
  });

  test('that was released already does not prevent the release of an earlier one', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    await kill('first');
    await kill('second');
    await home.rows("update flag_kills set released_at = clock_timestamp(), released_by = 'bob' where why = 'second'");
    await home.run(held, { kind: 'resume', why: 'mended', releaseKill: true });
    expect(await effective()).toMatchObject({ enabled: true, killed: false });
  });

  test.each([false, true])(
    'during the last promotion keeps the campaign from being done (forced: %s)',
    async (forced) => {
      await using held = await home.hold('ann');
      await home.run(held, start);
      for (let stage = 1; stage < 4; stage += 1) await home.run(held, promote, judgedAs('proven'));
      const asked = forced ? ({ kind: 'promote', force: { why: 'now' } } as const) : promote;
      const at = once('judged', () => kill());
      await home.run(held, asked, judgedAs('proven'), at);
      expect(await home.record()).not.toMatchObject({ state: 'done' });
      expect(await actions()).not.toContain('done');
      expect(await effective()).toMatchObject({ enabled: false, killed: true });
    },
  );

  test('is released with a reason into a new bake of the same stage, with an announcement', async () => {
    await using held = await home.hold('ann');
    await home.run(held, start);
    await kill();
    expect((await home.run(held, { kind: 'resume', why: 'mended', releaseKill: false })).decision).toMatchObject({
      refusal: 'killed',
    });
    await home.run(held, { kind: 'resume', why: 'mended', releaseKill: true });
    expect(await effective()).toMatchObject({ enabled: true, killed: false, percent: '5.00' });
    expect(await home.record()).toMatchObject({ state: 'baking', stage: 1 });
    expect(await active()).toEqual(['on for 5 %']);
  });
});
