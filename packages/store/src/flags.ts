import type { Kysely } from 'kysely';
import type { PageAfter } from './page.ts';
import { withinCampaign } from './rollout/rollout-history.ts';
import type { Schema } from './schema.ts';
import { firstRow, type Sql, type Statement, type Writer, writeCall } from './sql.ts';

/**
 * The effective state of a flag. While it is killed, it is off for all subjects, whatever `enabled` and `percent` are.
 */
export type FlagState = {
  readonly name: string;
  readonly enabled: boolean;
  readonly killed: boolean;
  /** The share of subjects for which it is on, 0 to 100. */
  readonly percent: number;
  readonly value: unknown;
  readonly salt: string;
  readonly version: number;
  readonly updatedAt: Date;
  readonly updatedBy: string | null;
};

const COLUMNS = `name, enabled, killed, percent::double precision as percent, value, salt, version, updated_at as "updatedAt", updated_by as "updatedBy"`;

const FLAG_STATES: Statement = { name: 'flag_states', text: `select ${COLUMNS} from flag_states order by name` };

export const readFlagStates = (sql: Sql): Promise<FlagState[]> => sql.query<FlagState>(FLAG_STATES, []);

const FLAG_STATE: Statement = { name: 'flag_state', text: `select ${COLUMNS} from flag_states where name = $1` };

export async function readFlagState(sql: Sql, name: string): Promise<FlagState | undefined> {
  const [row] = await sql.query<FlagState>(FLAG_STATE, [name]);
  return row;
}

const KILLED_FLAGS: Statement = {
  name: 'killed_flags',
  text: 'select distinct flag from flag_kills where released_at is null',
};

/** Reads kills without the flags table, because a lock on that table must not hide a kill. */
export async function readKilledFlags(sql: Sql): Promise<ReadonlySet<string>> {
  return new Set((await sql.query<{ flag: string }>(KILLED_FLAGS, [])).map(({ flag }) => flag));
}

export type FlagChange = {
  readonly enabled?: boolean;
  readonly percent?: number;
  readonly value?: unknown;
  readonly salt?: string;
  /** Releases the kills of the flag with the change. Only set on a person’s request. */
  readonly releaseKills?: true;
};

export type SetFlag = FlagChange & {
  readonly name: string;
  readonly seenVersion?: number;
  readonly actor?: string;
  readonly why?: string;
};

const SET_FLAG = writeCall('set_flag', 5);

export async function setFlag(
  writer: Writer,
  { name, seenVersion, actor, why, releaseKills, ...change }: SetFlag,
): Promise<FlagState | 'not-found' | 'version-mismatch'> {
  const asked = JSON.stringify({ ...change, ...(releaseKills && { release_kills: true }) });
  const [row] = await writer.query<SetFlagRow>(SET_FLAG, [
    name,
    asked,
    actor ?? null,
    why ?? null,
    seenVersion ?? null,
  ]);
  if (row !== undefined) {
    const { updated_at: updatedAt, updated_by: updatedBy, percent, ...state } = row;
    return { ...state, percent: Number(percent), updatedAt, updatedBy };
  }
  return (await readFlagState(writer, name)) === undefined ? 'not-found' : 'version-mismatch';
}

/** The columns of the view `flag_states`, as `set_flag` returns them. */
type SetFlagRow = Omit<FlagState, 'updatedAt' | 'updatedBy' | 'percent'> & {
  readonly percent: string;
  readonly updated_at: Date;
  readonly updated_by: string | null;
};

export type KillFlag = { readonly name: string; readonly actor?: string; readonly why: string };

const KILL_FLAG = writeCall('kill_flag', 3);

/**
 * Turns a flag off for all subjects and returns the number of the kill. It waits for no row lock. An unknown flag is a
 * database error.
 */
export async function killFlag(sql: Sql, { name, actor, why }: KillFlag): Promise<number | null> {
  // For a function that returns a scalar, PostgreSQL names the column after the table alias, here `w`.
  return firstRow(await sql.query<{ readonly w: number | null }>(KILL_FLAG, [name, actor ?? null, why])).w;
}

export type FlagChangeRow = {
  readonly id: number;
  readonly flag: string;
  /** The version of the flag after the change; null for a kill and its release. */
  readonly version: number | null;
  readonly at: Date;
  readonly actor: string;
  readonly why: string | null;
  readonly from: unknown;
  readonly to: unknown;
};

/** Reads changes of a flag, newest first. */
export async function listFlagChanges(
  db: Kysely<Schema>,
  flag: string,
  { limit, after, campaign }: PageAfter<number> & { readonly campaign?: number },
): Promise<FlagChangeRow[]> {
  let query = db
    .selectFrom('flag_changes')
    .select(['id', 'flag', 'version', 'at', 'actor', 'why', 'from', 'to'])
    .where('flag', '=', flag)
    .orderBy('id', 'desc')
    .limit(limit);
  if (campaign !== undefined) query = query.where(withinCampaign({ flag, campaign }));
  if (after !== undefined) query = query.where('id', '<', after);
  return await query.execute();
}
