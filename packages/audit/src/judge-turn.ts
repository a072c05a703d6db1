import {
  compareModels,
  entryKey,
  type ModelIdentity,
  type ModelPolicy,
  type Parameters,
  parseAgent,
  type Verdict,
} from '@phaselock/core';
import type { Row } from './check.ts';
import type { RuleId } from './rules.ts';

/** How a source keeps its history, as far as the rules ask. */
export type SourceTraits = {
  /** A fresh conversation begins within the thread; ours begins a session, and with it a thread. */
  readonly freshStaysInThread: boolean;
  readonly policy: ModelPolicy;
  /** Names that never stood for another model, by `entryKey`: for them the name itself has to agree with what is recorded of it. */
  readonly plainNames?: ReadonlySet<string>;
};

export type TurnVerdict =
  | { readonly kind: 'right'; readonly expected: string; readonly why: string }
  | { readonly kind: 'broken'; readonly rule: RuleId; readonly expected: string; readonly why: string };

type Spoken = { readonly identity: ModelIdentity | undefined; readonly label: string; readonly text: string };

const FRESH = 'Initial, nothing passed';

/** Whether a process began as it should, and what it should have done. `row` carries the process, the one before it, and the makers of ids. */
export function judgeTurn(row: Row, traits: SourceTraits): TurnVerdict {
  const broken = (rule: RuleId, expected: string, why: string): TurnVerdict => ({
    kind: 'broken',
    rule,
    expected,
    why,
  });
  const right = (expected: string, why: string): TurnVerdict => ({ kind: 'right', expected, why });
  const { action, passed } = row;
  if (action === null || action === undefined) return broken('SV107', 'an action', 'its action cannot be read');
  if (row.skip_context === 'yes')
    return passed === null
      ? right(FRESH, 'no context was wanted')
      : broken('SV105', FRESH, `no context was wanted, yet ${passed} was passed`);
  if (row.n === '1') {
    if (action === 'initial' && passed === null) return right(FRESH, 'the first');
    if (passed !== null && passed !== undefined && passed === row.taken_up)
      return judgeTakenUp(row, passed, traits, broken, right);
    return broken('SV104', FRESH, `it is the first, yet ${passed === null ? 'a follow-up' : `${passed} was passed`}`);
  }
  return passed === null
    ? judgeFresh(row, traits, broken, right)
    : judgeResumed(row, passed ?? '', traits, broken, right);
}

type Broken = (rule: RuleId, expected: string, why: string) => TurnVerdict;
type Right = (expected: string, why: string) => TurnVerdict;

function judgeFresh(row: Row, traits: SourceTraits, broken: Broken, right: Right): TurnVerdict {
  const { kept_told: known } = row;
  const before = known === null || known === undefined ? spokenIn(row, 'prev') : spokenIn(row, 'kept');
  const now = spokenIn(row);
  const verdict = compare(before, now, traits);
  if (verdict === 'changed') {
    if (traits.freshStaysInThread) return right(FRESH, `${before.label} → ${now.label}`);
    return broken('SV104', 'a session of its own', 'a fresh conversation began inside a session that had one');
  }
  if (verdict === 'unknown')
    return broken(
      'SV107',
      'cannot be told',
      `${before.label} → ${now.label}: whether the model is the same cannot be told`,
    );
  if (known === null || known === undefined)
    return broken('SV107', 'cannot be told', 'the processes before it never reported a conversation');
  if (row.skip_context === 'unknown')
    return broken(
      'SV107',
      'cannot be told',
      `the model is the same (${now.label}) and nothing was passed: whether that was wanted cannot be told`,
    );
  return broken('SV102', known, `the model is the same (${now.label}), yet nothing was passed`);
}

/**
 * A retry from before this thread: the conversation goes on with the model that made it. Where nothing is recorded of that, it was purged since, or
 * the user was asked and said to keep it.
 */
function judgeTakenUp(row: Row, passed: string, traits: SourceTraits, broken: Broken, right: Right): TurnVerdict {
  if ((row.maker_id ?? null) === null) return right(passed, 'taken up after a retry');
  const maker = spokenIn(row, 'maker');
  const now = spokenIn(row);
  const verdict = compare(maker, now, traits);
  if (verdict === 'changed') return broken('SV101', FRESH, `${maker.label} → ${now.label}, yet ${passed} was passed`);
  return right(passed, 'taken up after a retry');
}

/** The user said to keep the conversation for this model: what was said until then goes on with it. */
function wasKept(row: Row, maker: 'prev' | 'maker'): boolean {
  const through = row.kept_through ?? null;
  const madeAt = row[`${maker}_nth`] ?? null;
  return through !== null && madeAt !== null && Number(madeAt) <= Number(through);
}

function judgeResumed(row: Row, passed: string, traits: SourceTraits, broken: Broken, right: Right): TurnVerdict {
  const side = passed === row.prev_told ? 'prev' : 'maker';
  const maker = spokenIn(row, side);
  const now = spokenIn(row);
  // Until a process of its own tells an id, a conversation that was taken up goes on by that one.
  if (passed === row.taken_up && (row.last_told ?? null) === null)
    return judgeTakenUp(row, passed, traits, broken, right);
  const known = row.pre_retry ?? row.kept_told ?? row.prev_told ?? null;
  if (passed !== row.prev_told && (row.maker_id ?? null) === null) {
    if (passed === row.pre_retry)
      return broken('SV107', 'cannot be told', `${passed} was to be retried, and no process ever reported it`);
    return broken('SV103', known ?? FRESH, `${passed} was passed, which no process before it reported`);
  }
  const verdict = compare(maker, now, traits);
  if (verdict === 'changed') return broken('SV101', FRESH, `${maker.label} → ${now.label}, yet ${passed} was passed`);
  if (verdict === 'unknown' && !wasKept(row, side))
    return broken(
      'SV107',
      'cannot be told',
      `${maker.label} → ${now.label}: whether the model is the same cannot be told`,
    );
  // Told before it, or kept by a retry; what was taken back or lost later was right when it was done.
  if ([row.pre_retry, row.prev_told, row.kept_told, row.last_told].includes(passed)) return right(passed, 'same model');
  return broken(
    'SV103',
    known ?? FRESH,
    `${passed} was passed, although ${known ?? 'nothing'} is what the conversation is known by`,
  );
}

function spokenIn(row: Row, side?: 'prev' | 'kept' | 'maker'): Spoken {
  const at = (name: string): string | null => row[side === undefined ? name : `${side}_${name}`] ?? null;
  const [agent, variant, model, resolvedModel] = [at('agent'), at('variant'), at('model'), at('resolved')];
  const text = JSON.stringify([agent, variant, model, resolvedModel, at('parameters')]);
  const label = model ?? variant ?? (agent === null ? 'unknown' : `${agent}'s default`);
  const known = agent === null ? undefined : parseAgent(agent);
  if (known === undefined) return { identity: undefined, label, text };
  return {
    text,
    identity: { agent: known, variant, model, resolvedModel, parameters: parametersIn(at('parameters')) },
    label,
  };
}

function compare(before: Spoken, now: Spoken, { policy, plainNames }: SourceTraits): Verdict {
  // Whatever it is, it is the same.
  if (before.text === now.text) return 'same';
  if (before.identity === undefined || now.identity === undefined) return 'unknown';
  const byRecord = compareModels(resolved(before.identity), resolved(now.identity), policy).verdict;
  if (byRecord === 'changed' || !isPlain(before.identity, plainNames) || !isPlain(now.identity, plainNames))
    return byRecord;
  const byName = compareModels(resolved(asNamed(before.identity)), resolved(asNamed(now.identity)), policy).verdict;
  return byName === 'changed' ? byName : byRecord;
}

const isPlain = ({ agent, model }: ModelIdentity, plainNames: SourceTraits['plainNames']): boolean =>
  model !== null && plainNames?.has(entryKey(agent, model)) === true;

const asNamed = (identity: ModelIdentity): ModelIdentity => ({ ...identity, resolvedModel: null });

const resolved = (identity: ModelIdentity) => ({ kind: 'resolved', identity }) as const;

function parametersIn(text: string | null): Parameters {
  const parsed: unknown = text === null ? {} : JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) return {};
  const plain = Object.entries(parsed).filter(
    (entry): entry is [string, string | number | boolean | null] => typeof entry[1] !== 'object' || entry[1] === null,
  );
  return Object.fromEntries(plain);
}

/** Whether two processes speak to one model. */
export const modelChangeBetween = (before: Row, after: Row, traits: SourceTraits): Verdict =>
  compare(spokenIn(before), spokenIn(after), traits);
