import { killFlag, type Sql } from '@phaselock/store';

/**
 * An abort could not get a lock it needs. The flag is off by a kill, which needs none; the campaign keeps its old
 * state.
 */
export class KilledInstead extends Error {
  override readonly name = 'KilledInstead';
}

type Abort = { readonly sql: Sql; readonly flag: string; readonly actor: string; readonly why: string };

/** Kills the flag, so that an open transaction on its row cannot keep a failing rule on. */
export async function killInstead({ sql, flag, actor, why }: Abort, cause: unknown): Promise<never> {
  const id = await killFlag(sql, { name: flag, actor, why: `abort: ${why}` });
  const message = `a lock keeps ${flag} from being aborted, so it was killed instead${id === null ? '' : `: kill ${id}`}. It is off for everybody`;
  throw new KilledInstead(message, { cause });
}
