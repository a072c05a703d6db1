import { type Fault, undo } from '../fault.ts';

/** The first session of a slot says that it follows one that never was. Triggers would refuse that. */
const PLANT = `set session_replication_role = replica;
  update sessions set predecessor_id = '00000000-0000-7000-8000-000000000000'
    where id = (select id from sessions where predecessor_id is null and deleted_at is null order by created_at limit 1)`;
const UPROOT = `set session_replication_role = replica;
  update sessions set predecessor_id = null where predecessor_id = '00000000-0000-7000-8000-000000000000'`;

export const FINDING_PLANTED: Fault = {
  name: 'a row is changed behind the back of the database, the audit finds it, and no other audit follows',
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
