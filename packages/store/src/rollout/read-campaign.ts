import type { Sql, Statement } from '../sql.ts';
import type { HeldFor, RolloutState } from './schema.ts';

/** A use of the kill switch, which switches the flag off until the kill is released. */
export type FlagKill = { readonly id: number; readonly at: Date; readonly actor: string; readonly why: string };

/**
 * The state of a flag’s campaign (its rollout in stages), the flag itself and the database’s time, read in one
 * snapshot.
 */
export type CampaignRecord = {
  readonly flag: string;
  readonly now: Date;
  /** The number of the campaign; 0 before the first. */
  readonly campaign: number;
  readonly stage: number;
  /** The percentage that the campaign set. `present.percent` differs if the flag was changed outside the campaign. */
  readonly percent: number;
  readonly state: RolloutState;
  readonly heldFor: HeldFor | null;
  /** The time from which metrics count as evidence for the stage. Null while none is collected. */
  readonly bakingSince: Date | null;
  /** The least number of API instances, if given at the start of the campaign; otherwise the stages file sets it. */
  readonly expectedInstances: number | null;
  /** The version of the flag that the campaign set or accepted. Another version means a change outside the campaign. */
  readonly flagVersion: number | null;
  /** The announcement to users for when the flag is switched off. */
  readonly offText: string | null;
  /** The fencing token of the latest lease. */
  readonly fence: number;
  /** The lease that permits changes to the rollout. Null when there is none, or it has expired. */
  readonly lease: { readonly holder: string; readonly until: Date } | null;
  /** The flag itself. `enabled` disregards kills. */
  readonly present: {
    readonly enabled: boolean;
    readonly percent: number;
    readonly version: number;
    readonly updatedAt: Date;
    readonly updatedBy: string | null;
    /** The newest kill that has not been released. */
    readonly kill: FlagKill | null;
  };
};

// Kills and flag are read in one statement, so that a decision is made on one consistent snapshot.
const READ: Statement = {
  name: 'read_campaign',
  text: `
    select f.name as flag, clock_timestamp() as now, coalesce(r.campaign, 0) as campaign, coalesce(r.stage, 0) as stage,
           coalesce(r.percent, 0)::double precision as percent, coalesce(r.state, 'idle') as state, r.held_for, r.baking_since, r.expected_instances,
           r.flag_version, r.off_text, coalesce(r.fence, 0) as fence, r.lease_holder, r.lease_until,
           r.flag is not null and lease_holds(r) as held,
           f.enabled, f.percent::double precision as flag_percent, f.version, f.updated_at, f.updated_by,
           k.id as kill_id, k.at as kill_at, k.actor as kill_actor, k.why as kill_why
      from flags f
      left join rollouts r on r.flag = f.name
      left join lateral (
        select * from flag_kills k where k.flag = f.name and k.released_at is null order by k.id desc limit 1
      ) k on true
      where f.name = $1`,
};

type Row = {
  readonly flag: string;
  readonly now: Date;
  readonly campaign: number;
  readonly stage: number;
  readonly percent: number;
  readonly state: RolloutState;
  readonly held_for: HeldFor | null;
  readonly baking_since: Date | null;
  readonly expected_instances: number | null;
  readonly flag_version: number | null;
  readonly off_text: string | null;
  readonly fence: number;
  readonly lease_holder: string | null;
  readonly lease_until: Date | null;
  readonly held: boolean;
  readonly enabled: boolean;
  readonly flag_percent: number;
  readonly version: number;
  readonly updated_at: Date;
  readonly updated_by: string | null;
  readonly kill_id: number | null;
  readonly kill_at: Date | null;
  readonly kill_actor: string | null;
  readonly kill_why: string | null;
};

/** Returns undefined if there is no such flag. A flag that never had a campaign is `idle`. */
export async function readCampaign(sql: Sql, flag: string): Promise<CampaignRecord | undefined> {
  const [row] = await sql.query<Row>(READ, [flag]);
  return row === undefined ? undefined : toCampaign(row);
}

const toCampaign = (row: Row): CampaignRecord => ({
  flag: row.flag,
  now: row.now,
  campaign: row.campaign,
  stage: row.stage,
  percent: row.percent,
  state: row.state,
  heldFor: row.held_for,
  bakingSince: row.baking_since,
  expectedInstances: row.expected_instances,
  flagVersion: row.flag_version,
  offText: row.off_text,
  fence: row.fence,
  lease: leaseOf(row),
  present: {
    enabled: row.enabled,
    percent: row.flag_percent,
    version: row.version,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
    kill: killOf(row),
  },
});

const leaseOf = ({ held, lease_holder, lease_until }: Row): CampaignRecord['lease'] =>
  held && lease_holder !== null && lease_until !== null ? { holder: lease_holder, until: lease_until } : null;

const killOf = ({ kill_id, kill_at, kill_actor, kill_why }: Row): FlagKill | null =>
  kill_id === null || kill_at === null
    ? null
    : { id: kill_id, at: kill_at, actor: kill_actor ?? '', why: kill_why ?? '' };
