import { join } from 'node:path';
import { MUTANTS, type Mutant } from '../checks/mutations/mutants.ts';
import { mutationSql } from '../checks/mutations/mutation-sql.ts';
import { type CampaignOptions, runCampaign } from './campaign.ts';
import { type Judgement, judgeCampaign } from './judge-campaign.ts';

/** Guards of the schema whose loss clients can see through the API, where nothing else stands in for them. */
const VISIBLE: readonly string[] = [
  'a turn that ignores a lease, and the version that tells of it',
  'log lines without a fence',
  'a heartbeat that renews the lease of a replaced session',
];

const forgets = (table: string, share: number): string => `
  create function chaos_forget() returns trigger language plpgsql as $$
    begin if random() < ${share} then return null; end if; return new; end $$;
  create trigger chaos_forget before insert on ${table} for each row execute function chaos_forget()`;

/** What is acknowledged and not kept: nothing in the schema guards against it, so the campaign has to. */
const FORGETFUL: readonly Mutant[] = [
  { name: 'one log line in a hundred is not kept', sql: forgets('session_logs', 0.01) },
  { name: 'one answer in five is not kept with its key', sql: forgets('idempotency_keys', 0.2) },
];

const MUTATIONS: readonly Mutant[] = [...MUTANTS.filter(({ name }) => VISIBLE.includes(name)), ...FORGETFUL];

const SECONDS = 25;

export type MutantOptions = Pick<CampaignOptions, 'seed' | 'clients' | 'folder' | 'leaseMs' | 'ended' | 'say'>;

/** Takes these guards out of the schema one by one. The campaign, which knows nothing of them, has to find each. Answers how many survived. */
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

/** Which checkers noticed, and after how many operations each did. */
function foundBy({ rules, campaign, findings }: Judgement): string {
  const told = rules.flatMap(({ checker, findings: ofChecker }) => {
    const [first] = ofChecker.map(({ operations }) => Math.max(0, ...operations)).toSorted((one, other) => one - other);
    const kinds = [...new Set(ofChecker.map(({ rule }) => rule))].join(', ');
    return first === undefined ? [] : [`${checker} (${kinds}) at operation ${first}`];
  });
  const audit = findings.some(({ rule }) => rule === 'audit') ? ['verify-sessions'] : [];
  return `${[...told, ...audit].join('; ') || 'by nobody'}, of ${campaign.operations}`;
}
