import { eventually, openTestGuard } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';

const stored = { flags: 'stored' } as const;
const SWITCH = 'single_session_guard';

describe('the kill switch', () => {
  test('holds at once where it was set, and within two seconds everywhere', async () => {
    await using home = await openTestGuard(stored);
    const other = await home.another();
    expect(await other.flags()).toMatchObject({ [SWITCH]: true });
    await home.guard.setFlag({ name: SWITCH, enabled: false, actor: 'ada' });
    expect(await home.guard.flags()).toMatchObject({ [SWITCH]: false });
    await eventually(async () => expect(await other.flags()).toMatchObject({ [SWITCH]: false }));
  });

  test('stays as it is while the database cannot be asked, also if that begins at once', async () => {
    await using home = await openTestGuard(stored);
    const { guard } = home;
    expect(await guard.flags()).toMatchObject({ [SWITCH]: true });
    await guard.setFlag({ name: SWITCH, enabled: false });
    const { pg } = guard.database.pool;
    await pg.query('alter table flags rename to hidden');
    for (let asked = 0; asked < 3; asked += 1) {
      expect(await guard.flags()).toMatchObject({ [SWITCH]: false });
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await pg.query('alter table hidden rename to flags');
  });
});

test.each([
  [{ name: 'no_such_flag', enabled: true }, 'flag_not_found'],
  [{ name: 'locking_strategy', enabled: true, value: 'zookeeper' }, 'invalid_request'],
  [{ name: SWITCH, enabled: false, seenVersion: 99 }, 'version_mismatch'],
])('%j is refused', async (flag, code) => {
  await using home = await openTestGuard(stored);
  await expect(home.guard.setFlag(flag)).rejects.toMatchObject({ code });
});
