import {
  compareModels,
  entryKey,
  type ModelIdentity,
  type ModelPolicy,
  type ModelResolution,
  type Parameters,
  parseAgent,
  type Verdict,
} from '@phaselock/core';
import type { Row } from './check.ts';
import type { RuleId } from './rules.ts';

/** Properties of a source that the rules depend on. */
export type SourceTraits = {
  /**
   * True if a fresh conversation starts within the same thread. In phaselock it starts a new session, and so a new
   * thread.
   */
  readonly freshStaysInThread: boolean;
  /**
   * True if dropping a process drops all later ones, and the id of a dropped process is never resumed. In phaselock, a
   * retry may name one.
   */
  readonly neverResumesDropped?: true;
  readonly policy: ModelPolicy;
  /**
   * Catalogued model names that were never an alias, by `entryKey`. For these the names are compared too, not only the
   * recorded resolved models.
   */
  readonly plainNames?: ReadonlySet<string>;
};

export type TurnVerdict =
  | { readonly kind: 'right'; readonly expected: string; readonly why: string }
  | { readonly kind: 'broken'; readonly rule: RuleId; readonly expected: string; readonly why: string };

/** The model a process used. `text` is compared first, because equal texts are the same model. */
type Spoken = { readonly model: ModelResolution | undefined; readonly label: string; readonly text: string };

const FRESH = 'Initial, nothing passed';

/**
 * Decides whether a process started correctly, and what the correct start was. `row` holds the process, its predecessor
 * and the processes that reported the ids in question.
 */
export function judgeTurn(row: Row, traits: SourceTraits): TurnVerdict {
  const broken = (rule: RuleId, expected: string, why: string): TurnVerdict => ({
    kind: 'broken',
    rule,
    expected,
    why,
  });
  const right = (expected: string, why: string): TurnVerdict => ({ kind: 'right', expected, why });
  const { action, passed } = row;
  if (action === null || action === undefined)
    return broken('SV107', 'a readable action', row.doubt ?? 'its action cannot be read');
  if (row.skip_context === 'yes')
    return passed === null
      ? right(FRESH, 'skip-context was requested')
      : broken('SV105', FRESH, `skip-context was requested, but ${passed} was passed`);
  if (row.n === '1') {
    if (action === 'initial' && passed === null) return right(FRESH, 'first process');
    if (passed !== null && passed !== undefined && passed === row.taken_up)
      return judgeTakenUp(row, passed, traits, broken, right);
    return broken('SV104', FRESH, `the first process ${passed === null ? 'is a follow-up' : `passed ${passed}`}`);
  }
  return passed === null
    ? judgeFresh(row, traits, broken, right)
    : judgeResumed(row, passed ?? '', traits, broken, right);
}

type Broken = (rule: RuleId, expected: string, why: string) => TurnVerdict;
type Right = (expected: string, why: string) => TurnVerdict;

function judgeFresh(row: Row, traits: SourceTraits, broken: Broken, right: Right): TurnVerdict {
  const because = row.fresh_because ?? null;
  if (because !== null) return right(FRESH, because);
  const { kept_told: known } = row;
  const before = modelBefore(row);
  const now = spokenIn(row);
  const verdict = compare(before, now, traits);
  if (verdict === 'changed') {
    if (traits.freshStaysInThread) return right(FRESH, `${before.label} → ${now.label}`);
    return broken('SV104', 'a new session', 'a fresh conversation started in a session that already had one');
  }
  if (verdict === 'unknown')
    return broken('SV107', 'undecidable', `${before.label} → ${now.label}: whether the model is the same is unknown`);
  if (known === null || known === undefined)
    return broken('SV107', 'undecidable', 'no earlier process reported a conversation id');
  if (row.skip_context === 'unknown')
    return broken(
      'SV107',
      'undecidable',
      `the model is the same (${now.label}) and no id was passed: whether that was requested is unknown`,
    );
  return broken('SV102', known, `the model is the same (${now.label}), but no id was passed`);
}

/** The model that a fresh conversation is compared with: that of the latest valid id, else of the previous process. */
const modelBefore = (row: Row): Spoken => spokenIn(row, (row.kept_told ?? null) === null ? 'prev' : 'kept');

/**
 * Judges a process that resumes a conversation from before its thread, after a retry: its model must be the one that
 * made the conversation. If no maker is recorded, it was purged or the user confirmed to keep the conversation; both
 * are correct.
 */
function judgeTakenUp(row: Row, passed: string, traits: SourceTraits, broken: Broken, right: Right): TurnVerdict {
  if ((row.maker_id ?? null) === null) return right(passed, 'resumed after a retry');
  const maker = spokenIn(row, 'maker');
  const now = spokenIn(row);
  const verdict = compare(maker, now, traits);
  if (verdict === 'changed') return broken('SV101', FRESH, `${maker.label} → ${now.label}, but ${passed} was passed`);
  return right(passed, 'resumed after a retry');
}

/** Whether the user confirmed to keep the conversation for this model, up to at least the process that made the id. */
function wasKept(row: Row, maker: 'prev' | 'maker'): boolean {
  const through = row.kept_through ?? null;
  const madeAt = row[`${maker}_nth`] ?? null;
  return through !== null && madeAt !== null && Number(madeAt) <= Number(through);
}

function judgeResumed(row: Row, passed: string, traits: SourceTraits, broken: Broken, right: Right): TurnVerdict {
  const side = passed === row.prev_told ? 'prev' : 'maker';
  const maker = spokenIn(row, side);
  const now = spokenIn(row);
  // Until a process of this thread reports an id, the thread resumes the id it took over.
  if (passed === row.taken_up && (row.last_told ?? null) === null)
    return judgeTakenUp(row, passed, traits, broken, right);
  const known = row.pre_retry ?? row.kept_told ?? row.prev_told ?? null;
  if (passed !== row.prev_told && (row.maker_id ?? null) === null) {
    if (passed === row.pre_retry)
      return broken('SV107', 'undecidable', `${passed} was named by a retry, but no process reported it`);
    if ((row.doubt ?? null) !== null) return broken('SV107', 'undecidable', row.doubt ?? '');
    return broken('SV103', known ?? FRESH, `${passed} was passed, but no earlier process reported it`);
  }
  const verdict = compare(maker, now, traits);
  if (verdict === 'changed') return broken('SV101', FRESH, `${maker.label} → ${now.label}, but ${passed} was passed`);
  const makerDropped = traits.neverResumesDropped === true && row.maker_dropped === 'yes';
  if (makerDropped && row.dropped === 'no')
    return broken(
      'SV407',
      row.kept_told ?? FRESH,
      `${passed} was passed, but the user had dropped the process that made it`,
    );
  if (verdict === 'unknown' && !wasKept(row, side))
    return broken('SV107', 'undecidable', `${maker.label} → ${now.label}: whether the model is the same is unknown`);
  // An id that was reported before or named by a retry is correct. If it was dropped or invalidated later, it was still
  // correct at the time.
  if ([row.pre_retry, row.prev_told, row.kept_told, row.last_told, row.told_then].includes(passed))
    return right(passed, 'same model');
  // Both were dropped, so ids between them may have been dropped before this process started.
  if (makerDropped) return right(passed, 'same model');
  return broken('SV103', known ?? FRESH, `${passed} was passed, but the id to resume is ${known ?? 'unknown'}`);
}

function spokenIn(row: Row, side?: 'prev' | 'kept' | 'maker'): Spoken {
  const at = (name: string): string | null => row[side === undefined ? name : `${side}_${name}`] ?? null;
  const [agent, variant, model, resolvedModel] = [at('agent'), at('variant'), at('model'), at('resolved')];
  const text = JSON.stringify([agent, variant, model, resolvedModel, at('parameters')]);
  const label = model ?? variant ?? (agent === null ? 'unknown' : `${agent}'s default`);
  const known = agent === null ? undefined : parseAgent(agent);
  if (known === undefined) return { model: undefined, label, text };
  if (at('model_known') === 'no')
    return { model: { kind: 'missing', agent: known, variant, model, why: 'variant-missing' }, label, text };
  const identity = { agent: known, variant, model, resolvedModel, parameters: parametersIn(at('parameters')) };
  return { model: resolved(identity), label, text };
}

function compare(before: Spoken, now: Spoken, { policy, plainNames }: SourceTraits): Verdict {
  // Equal texts are the same model, even if the model is unknown.
  if (before.text === now.text) return 'same';
  if (before.model === undefined || now.model === undefined) return 'unknown';
  const byRecord = compareModels(before.model, now.model, policy).verdict;
  const [beforeName, nowName] = [plainName(before.model, plainNames), plainName(now.model, plainNames)];
  if (byRecord === 'changed' || beforeName === undefined || nowName === undefined) return byRecord;
  const byName = compareModels(beforeName, nowName, policy).verdict;
  return byName === 'changed' ? byName : byRecord;
}

/** The model by its name alone, if the name was never an alias. */
function plainName(model: ModelResolution, plainNames: SourceTraits['plainNames']): ModelResolution | undefined {
  if (model.kind === 'missing' || model.identity.model === null) return undefined;
  const { identity } = model;
  const isPlain = plainNames?.has(entryKey(identity.agent, model.identity.model)) === true;
  return isPlain ? resolved({ ...identity, resolvedModel: null }) : undefined;
}

const resolved = (identity: ModelIdentity): ModelResolution => ({ kind: 'resolved', identity });

function parametersIn(text: string | null): Parameters {
  const parsed: unknown = text === null ? {} : JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) return {};
  const plain = Object.entries(parsed).filter(
    (entry): entry is [string, string | number | boolean | null] => typeof entry[1] !== 'object' || entry[1] === null,
  );
  return Object.fromEntries(plain);
}

/** Compares the model of a fresh conversation with the one before it. */
export const modelChangeOfTurn = (row: Row, traits: SourceTraits): Verdict =>
  compare(modelBefore(row), spokenIn(row), traits);

/** Compares the models of two processes. */
export const modelChangeBetween = (before: Row, after: Row, traits: SourceTraits): Verdict =>
  compare(spokenIn(before), spokenIn(after), traits);

/**
 * Whether two recorded models can be compared by the present catalogue: both record what their names stood for, or the
 * names were never aliases, whose meaning may have changed since.
 */
export function comparable(before: Row, after: Row, { plainNames }: SourceTraits): boolean {
  const [one, other] = [spokenIn(before).model, spokenIn(after).model];
  if (one?.kind !== 'resolved' || other?.kind !== 'resolved') return false;
  if (one.identity.resolvedModel !== null && other.identity.resolvedModel !== null) return true;
  if (plainName(one, plainNames) !== undefined && plainName(other, plainNames) !== undefined) return true;
  return one.identity.resolvedModel === other.identity.resolvedModel && one.identity.model === other.identity.model;
}
