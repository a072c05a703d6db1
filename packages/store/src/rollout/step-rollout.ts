import { firstRow, type Sql, type Statement } from '../sql.ts';
import type { HeldFor, RolloutAction, RolloutState } from './schema.ts';

/** The change of the flag, and the version and kill that were seen when it was decided. */
export type FlagStep =
  | {
      readonly change: { readonly enabled: boolean; readonly percent: number; readonly release_kills?: true };
      readonly seenVersion: number;
      /** The newest kill that was seen; newer kills are not released. */
      readonly seenKill?: number;
    }
  /** The flag has the values the campaign set, but another version, which is recorded. */
  | { readonly adoptVersion: number };

export type StoredVerdict = {
  readonly kind: 'tick' | 'final';
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly decision: string;
  readonly reason: string;
  readonly from: string;
  readonly to: string;
  readonly preconditions: readonly unknown[];
  readonly gates: readonly unknown[];
};

type RolloutPlace = { readonly campaign: number; readonly stage: number; readonly state: RolloutState };

export type RolloutStep = {
  readonly action: RolloutAction;
  readonly why: string;
  readonly to: RolloutPlace & { readonly percent: number; readonly heldFor: HeldFor | null };
  /** Evidence is collected from now on, as before, from a later time on, or not at all. */
  readonly bake: 'new' | 'kept' | 'later' | 'none';
  /** The start of the evidence, with `later`. */
  readonly bakeFrom?: string;
  readonly flag?: FlagStep;
  readonly forced?: boolean;
  readonly instances?: number | null;
  readonly announcement?: { readonly kind: 'stage' | 'off'; readonly text: string };
  readonly offText?: string;
};

export type StepRollout = {
  readonly flag: string;
  readonly fence: number;
  readonly actor: string;
  readonly seen: RolloutPlace;
  /** Without a step, only the verdict is stored. */
  readonly step?: RolloutStep;
  readonly verdict?: StoredVerdict;
};

export type SteppedRollout =
  | {
      readonly kind: 'done';
      readonly stepId: number | null;
      readonly verdictId: number | null;
    }
  | { readonly kind: 'fenced' | 'moved' | 'flag-moved' | 'killed' };

const STEP: Statement = { name: 'step_rollout', text: 'select * from step_rollout($1, $2, $3)' };

/** Applies a step atomically: one call is one transaction. */
export async function stepRollout(sql: Sql, { flag, fence, step, ...rest }: StepRollout): Promise<SteppedRollout> {
  type Row = { outcome: SteppedRollout['kind']; step_id: number | null; verdict_id: number | null };
  const row = firstRow(await sql.query<Row>(STEP, [flag, fence, JSON.stringify({ ...rest, ...step })]));
  if (row.outcome !== 'done') return { kind: row.outcome };
  return { kind: 'done', stepId: row.step_id, verdictId: row.verdict_id };
}
