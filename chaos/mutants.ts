import { join } from 'node:path';
import { MUTANTS, type Mutant } from '../checks/mutations/mutants.ts';
import { mutationSql } from '../checks/mutations/mutation-sql.ts';
import { type CampaignOptions, runCampaign } from './campaign.ts';
import { type Judgement, judgeCampaign } from './judge-campaign.ts';

/** Mutants whose effect clients can observe through the API, because no other guard prevents it. */
const VISIBLE: readonly string[] = [
  'a turn that ignores a lease and the version of its session',
  'log lines without a fencing check',
  'a heartbeat that renews the lease of a replaced session',
];

const forgets = (table: string, share: number): string => `
  create function chaos_forget() returns trigger language plpgsql as $$
    begin if random() < ${share} then return null; end if; return new; end $$;
  create trigger chaos_forget before insert on ${table} for each row execute function chaos_forget()`;

/** Mutants that lose acknowledged rows. No guard of the schema prevents that, so the campaign must detect it. */
const FORGETFUL: readonly Mutant[] = [
  { name: '1 % of the log lines are not stored', sql: forgets('session_logs', 0.01) },
  { name: '20 % of the idempotency keys are not stored', sql: forgets('idempotency_keys', 0.2) },
];

const MUTATIONS: readonly Mutant[] = [...MUTANTS.filter(({ name }) => VISIBLE.includes(name)), ...FORGETFUL];

const SECONDS = 25;

export type MutantOptions = Pick<CampaignOptions, 'seed' | 'clients' | 'folder' | 'leaseMs' | 'ended' | 'say'>;

/**
 * Runs a campaign for each mutant of the schema, which the campaign must detect. Returns the number of undetected
 * mutants.
 */
export async function tryMutants(options: MutantOptions): Promise<number> {
  const { say, ended } = options;
  let survivors = 0;
  for (const [index, mutant] of MUTATIONS.entries()) {
    if (ended.aborted) break;
    const campaign = await runCampaign({
      ...options,
      folder: join(options.folder, `mutant-${index}`),
      seconds: SECONDS,
      faults: false,
      withoutFaults: [],
      quietMs: [0, 0],
      keeper: 'campaign',
      mutation: mutationSql(mutant),
      say: () => undefined,
    });
    const judgement = await judgeCampaign(campaign, { tolerate: ['nothing-compared'], slowestMs: Infinity });
    if (judgement.findings.length === 0) survivors += 1;
    say(`${judgement.findings.length === 0 ? 'SURVIVED' : 'found   '}  ${mutant.name}: ${foundBy(judgement)}`);
  }
  return survivors;
}

/** Names the checkers that detected a mutant, and after how many operations each did. */
function foundBy({ rules, campaign, findings }: Judgement): string {
  const told = rules.flatMap(({ checker, findings: ofChecker }) => {
    const [first] = ofChecker.map(({ operations }) => Math.max(0, ...operations)).toSorted((one, other) => one - other);
    const kinds = [...new Set(ofChecker.map(({ rule }) => rule))].join(', ');
    return first === undefined ? [] : [`${checker} (${kinds}) at operation ${first}`];
  });
  const audit = findings.some(({ rule }) => rule === 'audit') ? ['verify-sessions'] : [];
  return `${[...told, ...audit].join('; ') || 'not detected'}, of ${campaign.operations}`;
}
