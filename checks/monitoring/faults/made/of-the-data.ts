import { type Fault, undo } from '../fault.ts';

/**
 * Changes the generation of a slot, so that it differs from that of its live session. Triggers are disabled, because
 * they would refuse the change.
 */
const change = (by: string): string => `set session_replication_role = replica;
  update slots set generation = generation ${by}
    where live_session_id = (select id from sessions where deleted_at is null and guarded order by created_at, id limit 1)`;
const PLANT = change('+ 1');
const UPROOT = change('- 1');

export const FINDING_PLANTED: Fault = {
  name: 'a row is corrupted, the audit finds it, and no other audit follows',
  alerts: ['PhaselockAuditFindings', 'PhaselockAuditStale'],
  make: async ({ world, cycles }) => {
    await using resources = new AsyncDisposableStack();
    resources.use(cycles.withoutAudits());
    await world.postgres.ask(PLANT);
    await cycles.audit();
    const owned = resources.move();
    return undo(async () => {
      await world.postgres.ask(UPROOT);
      await cycles.audit();
      await owned.disposeAsync();
    });
  },
};
