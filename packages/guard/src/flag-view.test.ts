import { openTestGuard } from '@phaselock/testkit';
import { expect, test } from 'vitest';

const NAME = 'locking_strategy';

test('the value of locking_strategy names a strategy only while the flag is on', async () => {
  await using home = await openTestGuard({ flags: 'stored' });
  const { guard } = home;
  await guard.setFlag({ name: NAME, enabled: true, value: 'redis' });
  expect(await guard.flags()).toMatchObject({ [NAME]: 'redis' });
  await guard.setFlag({ name: NAME, enabled: false });
  expect(await guard.flags()).toMatchObject({ [NAME]: undefined, pessimistic_locking_enabled: true });
});
