import type { CountEvidence, Counts } from '../evidence/evidence.ts';
import type { Decision, FailuresGate, LatencyGate, Size } from '../stages/stages.ts';
import { percentText } from './in-words.ts';
import { limitOf } from './required-sizes.ts';
import { lowerBound, upperBound } from './statistics/binomial-bounds.ts';
import { earlyEvidence } from './statistics/early-evidence.ts';
import { worseThanControl } from './statistics/worse-than-control.ts';
import type { ControlVerdict, GateVerdict } from './verdict.ts';

export type CountsInput = {
  readonly gate: FailuresGate | LatencyGate;
  readonly evidence: CountEvidence;
  readonly decision: Decision;
  readonly size: Size;
  /** Whether the bake is over and nothing holds. A pass can be decided only then. */
  readonly atEnd: boolean;
  readonly from: number;
  readonly to: number;
};

type Decided = Pick<GateVerdict, 'outcome' | 'decided' | 'reason'>;

/** Judges whether the share of bad events is below the limit: for the treatment, or for all events without cohorts. */
export function judgeCounts({ gate, evidence, decision, size, atEnd, from, to }: CountsInput): GateVerdict {
  const limit = limitOf(gate);
  const { n, failures, trusted } = evidence.treatment;
  const counted = {
    n,
    failures,
    limit,
    // Bounds before the end of the bake are not valid, and would be misleading.
    upper: atEnd ? upperBound(failures, n, decision.confidence) : null,
    lower: atEnd ? lowerBound(failures, n, decision.confidence) : null,
    eValue: earlyEvidence(trusted.failures, trusted.n, limit),
  };
  const control = atEnd ? compared(evidence) : uncompared(evidence.control);
  return {
    gate: gate.name,
    title: gate.title,
    kind: gate.kind,
    ...decide(gate, counted, { control, decision, size, atEnd, treatment: evidence.treatment }),
    queries: evidence.queries,
    from,
    to,
    ...counted,
    planned: size.n,
    rate: n === 0 ? null : failures / n,
    confidence: decision.confidence,
    control,
    instances: evidence.treatment.instances,
    use: [],
  };
}

type Counted = Record<'n' | 'failures' | 'limit' | 'eValue', number> & Record<'upper' | 'lower', number | null>;
type Circumstances = Pick<CountsInput, 'decision' | 'size' | 'atEnd'> & {
  readonly control: ControlVerdict | null;
  readonly treatment: Counts;
};

function decide({ events, kind }: CountsInput['gate'], counted: Counted, around: Circumstances): Decided {
  const { n, failures, limit, upper, lower, eValue } = counted;
  const { decision, size, atEnd, control, treatment } = around;
  const bad = kind === 'latency' ? 'too slow' : 'failed';
  const seen = seenFor({ n, failures }, events, bad);
  const bounds = `at ${percentText(decision.confidence)} confidence`;
  // Unreliable counts prove no failure, but failures in the reliable part do.
  if (eValue >= 1 / decision.earlyFailAlpha)
    return {
      outcome: 'fail',
      decided: 'early',
      reason: `${seenFor(treatment.trusted, events, bad)}: if the rate were at the limit of ${percentText(limit)}, at most ${percentText(decision.earlyFailAlpha)} of bakes would show this, however often they are checked`,
    };
  const [doubt] = treatment.untrusted;
  if (doubt !== undefined)
    return { outcome: 'inconclusive', decided: 'not_yet', reason: `the counts cannot be trusted: ${doubt.detail}` };
  if (!atEnd || upper === null || lower === null)
    return {
      outcome: 'inconclusive',
      decided: 'not_yet',
      reason: `${seen}; ${n} of the ${size.n} planned were counted`,
    };
  if (n === 0) return { outcome: 'inconclusive', decided: 'end', reason: `there were no ${events}` };
  if (lower > limit)
    return {
      outcome: 'fail',
      decided: 'end',
      reason: `${seen}: at least ${percentText(lower)} ${bounds}, the limit is ${percentText(limit)}`,
    };
  if (control !== null && isWorse(counted, control, decision))
    return {
      outcome: 'fail',
      decided: 'end',
      reason: `${seen}, ${control.failures} of ${control.n} in the control: the treatment is worse (p = ${control.pValue?.toPrecision(2)})`,
    };
  const at = `at most ${percentText(upper)} ${bounds}, the limit is ${percentText(limit)}`;
  if (upper < limit) return { outcome: 'pass', decided: 'end', reason: `${seen}: ${at}` };
  return { outcome: 'inconclusive', decided: 'end', reason: `${seen}: ${at}, so nothing is proven` };
}

/**
 * Whether the treatment is worse by more than chance explains, and by a relevant amount: with a million events, any
 * difference exceeds chance.
 */
function isWorse({ n, failures, limit }: Counted, control: ControlVerdict, decision: Decision): boolean {
  if (control.pValue === null || control.pValue >= decision.controlAlpha) return false;
  return failures / n - control.failures / control.n >= limit * decision.controlMargin;
}

const seenFor = ({ n, failures }: Counts['trusted'], events: string, bad: string): string =>
  `${failures} of ${n} ${events} ${bad}`;

function uncompared(control: Counts | null): ControlVerdict | null {
  if (control === null) return null;
  return { n: control.n, failures: control.failures, instances: control.instances, pValue: null };
}

function compared({ treatment, control }: CountEvidence): ControlVerdict | null {
  const before = uncompared(control);
  if (before === null || control === null || control.untrusted.length > 0) return before;
  const pValue = worseThanControl(treatment, before);
  return { ...before, pValue };
}
