import { type CampaignRecord, type Database, openDatabase, readCampaign } from '@phaselock/store';
import { createTestDatabase } from '@phaselock/testkit';
import type { CampaignCommand, Judged } from '../../src/campaign/campaign.ts';
import { type Conducted, conduct } from '../../src/campaign/conduct.ts';
import { type HeldRollout, holdRollout } from '../../src/campaign/hold-rollout.ts';
import type { Racepoint } from '../../src/campaign/racepoints.ts';

export const FLAG = 'single_session_guard';

const PLAN = {
  stages: [5, 25, 50, 100].map((percent, index) => ({
    stage: index + 1,
    percent,
    announcement: `on for ${percent} %`,
  })),
  offText: 'off again',
};

export const judgedAs = (why: Judged['why'], bakeFrom: number | null = null): Judged => ({
  why,
  bakeFrom,
  reason: `because ${why}`,
  outcome: why === 'proven' ? 'pass' : why.startsWith('failed') ? 'fail' : 'inconclusive',
});

export type TestCampaign = AsyncDisposable & {
  readonly url: string;
  readonly database: Database;
  record(): Promise<CampaignRecord>;
  hold(holder: string, leaseMs?: number): Promise<HeldRollout>;
  /** Runs a command with a given verdict. */
  run(held: HeldRollout, command: CampaignCommand, verdict?: Judged, racepoint?: Racepoint): Promise<Conducted<null>>;
  rows<Row>(text: string): Promise<Row[]>;
};

/** Opens a test database whose flag is off, as before a rollout. */
export async function openCampaign(): Promise<TestCampaign> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await createTestDatabase());
  const database = stack.use(openDatabase({ url, maxSize: 4 }));
  const rows = async <Row>(text: string): Promise<Row[]> =>
    (await database.pool.pg.query(text)).rows.map((row: Row) => row);
  await rows(`select set_flag('${FLAG}', '{"enabled": false}', 'a test', 'from off', null)`);
  const owned = stack.move();
  return {
    url,
    database,
    rows,
    record: async () => {
      const record = await readCampaign(database, FLAG);
      if (record === undefined) throw new Error('the flag is not there');
      return record;
    },
    hold: (holder, leaseMs = 60_000) => holdRollout({ sql: database, flag: FLAG, holder, leaseMs, takeOver: false }),
    run: ({ fence }, command, judged = judgedAs('baking'), racepoint = () => undefined) =>
      conduct(
        {
          sql: database,
          flag: FLAG,
          plan: PLAN,
          fence,
          actor: 'a test',
          racepoint,
          judge: async (record) => ({ judged, stored: storedOf(judged, record), shown: null }),
        },
        command,
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const storedOf = ({ why, outcome, reason }: Judged, { now, bakingSince }: CampaignRecord) => ({
  kind: why === 'baking' || why === 'held' ? ('tick' as const) : ('final' as const),
  outcome,
  decision: why,
  reason,
  from: (bakingSince ?? now).toISOString(),
  to: now.toISOString(),
  preconditions: [],
  gates: [],
});

export const start = { kind: 'start', why: 'go', releaseKill: false, instances: 2 } as const;
export const promote = { kind: 'promote' } as const;
