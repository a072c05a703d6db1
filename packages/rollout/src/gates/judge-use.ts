import type { InstanceUse, UseEvidence } from '../evidence/evidence.ts';
import type { Decision, Size, UtilisationGate } from '../stages/stages.ts';
import { percentText } from './in-words.ts';
import type { GateVerdict } from './verdict.ts';

export type UseInput = {
  readonly gate: UtilisationGate;
  readonly evidence: UseEvidence;
  readonly decision: Decision;
  readonly size: Size;
  readonly atEnd: boolean;
  readonly from: number;
  readonly to: number;
};

type Decided = Pick<GateVerdict, 'outcome' | 'decided' | 'reason'>;

/**
 * Judges the utilisation of each instance, such as CPU time per available CPU time. At the end of the bake, the mean
 * and the share `quantile` of the periods have to be below the limit. `earlyPeriods` consecutive periods over the limit
 * fail the gate at once. The counters include all use, so there are no confidence bounds; the result is valid for the
 * load of this bake only. There is no control, because the same processes serve both cohorts.
 */
export function judgeUse({ gate, evidence, decision, size, atEnd, from, to }: UseInput): GateVerdict {
  const { instances } = evidence;
  const periods = instances.map((use) => use.periods);
  return {
    gate: gate.name,
    title: gate.title,
    kind: gate.kind,
    ...decide(gate, evidence, atEnd),
    queries: evidence.queries,
    from,
    to,
    n: periods.length === 0 ? 0 : Math.min(...periods),
    failures: Math.max(0, ...instances.map(({ over }) => over)),
    planned: size.n,
    limit: gate.limit,
    rate: instances.length === 0 ? null : Math.max(...instances.map(({ mean }) => mean)),
    upper: null,
    lower: null,
    confidence: decision.confidence,
    eValue: null,
    control: null,
    instances: [],
    use: instances,
  };
}

function decide(gate: UtilisationGate, { instances, doubtful, untrusted }: UseEvidence, atEnd: boolean): Decided {
  const limit = percentText(gate.limit);
  const trusted = instances.filter(({ instance }) => !doubtful.includes(instance));
  const inLong = trusted.find(({ longestRunOver }) => longestRunOver >= gate.earlyPeriods);
  if (inLong !== undefined)
    return {
      outcome: 'fail',
      decided: 'early',
      reason: `${inLong.instance} was over ${limit} in ${inLong.longestRunOver} periods in a row`,
    };
  const [doubt] = untrusted;
  if (doubt !== undefined)
    return { outcome: 'inconclusive', decided: 'not_yet', reason: `the use cannot be trusted: ${doubt.detail}` };
  const busiest = instances.reduce<InstanceUse | undefined>(
    (most, use) => (most === undefined || use.mean > most.mean ? use : most),
    undefined,
  );
  if (busiest === undefined || instances.some(({ periods }) => periods === 0))
    return {
      outcome: 'inconclusive',
      decided: atEnd ? 'end' : 'not_yet',
      reason: 'not every instance has a complete period',
    };
  const seen = `${busiest.instance} used ${percentText(busiest.mean)} on average, ${percentText(busiest.highest)} in its busiest period`;
  if (!atEnd) return { outcome: 'inconclusive', decided: 'not_yet', reason: `${seen}; the bake goes on` };
  const over = instances.find((use) => use.mean >= gate.limit || use.over > use.periods * (1 - gate.quantile));
  if (over === undefined) return { outcome: 'pass', decided: 'end', reason: `${seen}; the limit is ${limit}` };
  return {
    outcome: 'fail',
    decided: 'end',
    reason: `${over.instance} used ${percentText(over.mean)} on average and was over ${limit} in ${over.over} of ${over.periods} periods`,
  };
}
