import type { Row } from '../../check.ts';
import { type Finding, fingerprintOf, type Repair } from '../../finding.ts';
import { RULES, type RuleId } from '../../rules.ts';
import { repairSession } from './repair-session.ts';
import { repairSlot, type SlotKey } from './repair-slot.ts';
import { replayEvents } from './replay-events.ts';
import { sessionChanges, type Topic, topicsOf } from './session-changes.ts';
import { TOLD_SESSION, type ToldSession } from './told-session.ts';
import { TOLD_SLOT, type ToldSlot } from './told-slot.ts';
import { topicsOfFinding } from './topics-of-rules.ts';

/** A statement for one session or slot. */
type Plan = { readonly kind: 'statement'; readonly sql: string } | { readonly kind: 'none'; readonly why: string };

/** The number of findings for which repairs are computed. It bounds the time for them and what is remembered. */
const AT_MOST = 1_000;

const TOO_MANY = `repairs are computed for the first ${AT_MOST} findings: audit its task alone for its repair (--task)`;

type Ask = (sql: string, values: unknown[]) => Promise<readonly Row[]>;

/** Rules that compare a session with the one before it and the one after it, either of which may be wrong. */
const OF_NEIGHBOURS: ReadonlySet<RuleId> = new Set(['SV203', 'SV208', 'SV215']);

/**
 * Returns a function that finds the repair of a finding. All findings of a session, and all of a slot, share one
 * statement, which is given with the first of them.
 */
export function openRepairs(ask: Ask): (found: Finding) => Promise<Repair> {
  /** The finding with which the statement of a session or slot was given. */
  const given = new Map<string, string>();
  let computed = 0;
  return async (found) => {
    if (found.repair !== null || found.severity === 'info') return found;
    if (computed === AT_MOST) return { repair: null, repairNote: TOO_MANY };
    computed += 1;
    const plans = await plansOf(found, ask).catch((error: unknown): Planned[] => [
      { of: found.subject.id, plan: none(`the repair could not be computed (${String(error)})`) },
    ]);
    const statements = plans.flatMap(({ of, plan }) => (plan.kind === 'statement' ? [{ of, sql: plan.sql }] : []));
    const [first] = statements;
    if (first === undefined) return unsafe(found, plans[0]?.plan);
    const fresh = statements.filter(({ of }) => !given.has(of));
    if (fresh.length === 0)
      return { repair: null, repairNote: `its repair is that of ${given.get(first.of) ?? first.of}` };
    for (const { of } of fresh) given.set(of, fingerprintOf(found));
    return { repair: fresh.map(({ sql }) => sql).join('\n'), repairNote: null };
  };
}

const unsafe = ({ rule }: Finding, plan: Plan | undefined): Repair => ({
  repair: null,
  repairNote: `no safe repair: ${plan?.kind === 'none' ? `${plan.why}. ` : ''}${RULES[rule].cure}`,
});

type Planned = { readonly of: string; readonly plan: Plan };

/** The statements that end a finding: of its slot, else of its sessions. */
async function plansOf(found: Finding, ask: Ask): Promise<readonly Planned[]> {
  const topics = topicsOfFinding(found);
  if (topics === undefined) return [];
  if (found.subject.kind === 'slot') return await slotPlans(found, topics, ask);
  if (found.sessionId === null) return [];
  const told = await readSession(found.sessionId, ask);
  const own = planned(found.sessionId, told, topics);
  if (own.plan.kind === 'statement' || told === undefined || !OF_NEIGHBOURS.has(found.rule)) return [own];
  const neighbours = [told.session.predecessor_id, told.session.replaced_by].flatMap((id) => id ?? []);
  return [own, ...(await Promise.all(neighbours.map((id) => sessionPlan(id, topics, ask))))];
}

async function slotPlans({ subject }: Finding, topics: readonly Topic[], ask: Ask): Promise<readonly Planned[]> {
  const [taskId, phase, mode] = subject.id.split('/');
  if (taskId === undefined || phase === undefined || mode === undefined) return [];
  const key: SlotKey = { taskId, phase, mode };
  const told = parsed<ToldSlot>(await ask(TOLD_SLOT, [taskId, phase, mode]));
  if (told === undefined) return [];
  const repair = repairSlot(key, told);
  switch (repair.kind) {
    case 'none':
    case 'statement':
      return [{ of: subject.id, plan: repair }];
    case 'sessions':
      return await Promise.all(repair.ids.map((id) => sessionPlan(id, topics, ask)));
  }
}

const readSession = async (id: string, ask: Ask): Promise<ToldSession | undefined> =>
  parsed<ToldSession>(await ask(TOLD_SESSION, [id]));

const sessionPlan = async (id: string, topics: readonly Topic[], ask: Ask): Promise<Planned> =>
  planned(id, await readSession(id, ask), topics);

const planned = (id: string, told: ToldSession | undefined, topics: readonly Topic[]): Planned => ({
  of: id,
  plan: told === undefined ? none('the session has no row') : planOf(told, topics),
});

function planOf(told: ToldSession, topics: readonly Topic[]): Plan {
  if (told.archived) return none('the session is archived already, so its rows have to stay as the archive has them');
  if (told.unchained > 0) return none('not all events of the session are chained, so they do not prove its rows');
  if (told.unfit > 0)
    return none('the events of the session, or of the one after it, were changed, so they do not prove its rows');
  const changes = sessionChanges(told, replayEvents(told));
  const changed = topicsOf(changes);
  if (topics.some((topic) => changed.has(topic))) return { kind: 'statement', sql: repairSession(told, changes) };
  return none(
    changes.ahead
      ? 'the rows tell of more than the events, of which the last ones may have been removed'
      : 'the events of the session do not tell of anything else than its rows',
  );
}

const none = (why: string): Plan => ({ kind: 'none', why });

const parsed = <Told>([row]: readonly Row[]): Told | undefined =>
  row?.told == null ? undefined : JSON.parse(row.told);
