import { killFlag, type Sql } from '@phaselock/store';

/** An abort that could not have a lock it needs. The flag is off by a kill, which needs none; the campaign still has its old state. */
export class KilledInstead extends Error {
  override readonly name = 'KilledInstead';
}

type Abort = { readonly sql: Sql; readonly flag: string; readonly actor: string; readonly why: string };

/** Whoever has left a transaction open on the flag must not keep on for its users what has failed. */
export async function killInstead({ sql, flag, actor, why }: Abort, cause: unknown): Promise<never> {
  const id = await killFlag(sql, { name: flag, actor, why: `abort: ${why}` });
  const message = `a lock keeps ${flag} from being aborted, so it was killed instead${id === null ? '' : `: kill ${id}`}. It is off for everybody`;
  throw new KilledInstead(message, { cause });
}
