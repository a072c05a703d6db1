import type { CampaignRecord } from '@phaselock/store';
import { emptyMemory } from '../evidence/collect-evidence.ts';
import type { StageVerdict } from '../gates/verdict.ts';
import type { RecordedBake, RecordingLine } from '../prometheus/recording.ts';
import { replayPrometheus } from '../prometheus/replay-prometheus.ts';
import { ladderFor } from '../stages/read-stages.ts';
import type { Stages } from '../stages/stages.ts';
import type { CampaignDecision } from './campaign.ts';
import { decideCampaign } from './decide-campaign.ts';
import { campaignPlan, judgeBake } from './judge-bake.ts';

export type SimulateBake = {
  readonly stages: Stages;
  readonly flag: string;
  readonly lines: readonly RecordingLine[];
  /** Time between two judgements; undefined for one judgement at the end of the recording. */
  readonly everyMs: number | undefined;
};

export type SimulatedBake =
  | { readonly kind: 'unusable'; readonly why: string }
  | {
      readonly kind: 'simulated';
      readonly decision: CampaignDecision;
      readonly verdict: StageVerdict;
      /** Intermediate decisions. */
      readonly notes: readonly string[];
    };

/** Judges one bake as the controller would have, with the recording in place of Prometheus. */
export async function simulateBake({ stages, flag, lines, everyMs }: SimulateBake): Promise<SimulatedBake> {
  if (everyMs !== undefined && lines.some(({ kind }) => kind === 'answer'))
    return unusable('the recording has the answers of one judgement only: leave --every out');
  const found = beganIn(lines, stages, flag);
  if (typeof found === 'string') return unusable(found);
  const began: Began = found;
  const { from: begin, to: end } = began;
  const judging = { prometheus: replayPrometheus(lines), stages, memory: emptyMemory() };
  const plan = campaignPlan(stages, flag);
  const notes: string[] = [`stage ${began.stage} (${began.percent} %), from ${iso(begin)} to ${iso(end)}`];
  const step = everyMs ?? end - begin;
  let from = begin;
  for (let at = Math.min(begin + step, end); ; at = Math.min(at + step, end)) {
    const looked = await lookAt(at);
    if (looked.decision.kind === 'step' && looked.decision.step.action === 'rebake' && looked.bakeFrom !== null) {
      notes.push(`${iso(at)}: ${looked.decision.told}`);
      from = looked.bakeFrom;
      if (at < end) continue;
    }
    if (at >= end || looked.verdict.final) {
      notes.push(`decided at ${iso(at)}`);
      return { kind: 'simulated', decision: looked.decision, verdict: looked.verdict, notes };
    }
  }

  async function lookAt(at: number) {
    const record = recordAt(began, from, at);
    const { judged, shown } = await judgeBake(judging, record);
    const decision = decideCampaign({ record, plan, holding: { kind: 'ours' } }, judged, { kind: 'tick' });
    return { decision, verdict: shown, bakeFrom: judged.bakeFrom };
  }
}

const iso = (at: number): string => new Date(at).toISOString();

const unusable = (why: string): SimulatedBake => ({ kind: 'unusable', why });

type Began = Omit<RecordedBake, 'kind'>;

/** What was judged: from the `bake` line of the recording, else from its samples. A text names what is missing. */
function beganIn(lines: readonly RecordingLine[], stages: Stages, flag: string): Began | string {
  const recorded = lines.find((line) => line.kind === 'bake');
  const ladder = ladderFor(stages, flag)?.stages ?? [];
  if (recorded !== undefined) {
    if (recorded.flag !== flag) return `the recording is of the flag ${recorded.flag}`;
    const known = ladder.some(({ number }) => number === recorded.stage);
    return known ? recorded : `the stages file has no stage ${recorded.stage} of ${flag}`;
  }
  const series = seriesIn(lines);
  const times = windowOf(lines, series, lookbackOf(stages));
  if (times === undefined) return 'the recording has no samples, or covers too short a time';
  const percent = newest(series, 'phaselock_rollout_percent', flag);
  const version = newest(series, 'phaselock_flag_version', flag);
  if (percent === undefined || version === undefined)
    return `the recording has no phaselock_rollout_percent and phaselock_flag_version of ${flag}`;
  const stage = ladder.find((one) => one.percent === percent);
  if (stage === undefined) return `${percent} % is not a stage of ${flag}`;
  return { flag, percent, version, stage: stage.number, ...times, expectedInstances: null };
}

const recordAt = (
  { flag, percent, version, stage, expectedInstances }: Began,
  from: number,
  at: number,
): CampaignRecord => ({
  flag,
  now: new Date(at),
  campaign: 1,
  stage,
  percent,
  state: 'baking',
  heldFor: null,
  bakingSince: new Date(from),
  expectedInstances,
  flagVersion: version,
  offText: null,
  fence: 1,
  lease: null,
  present: { enabled: true, percent, version, updatedAt: new Date(from), updatedBy: null, kill: null },
});

type SeriesLine = Pick<Extract<RecordingLine, { kind: 'series' }>, 'labels' | 'samples'>;

const seriesIn = (lines: readonly RecordingLine[]): SeriesLine[] =>
  lines.flatMap((line): readonly SeriesLine[] => {
    if (line.kind === 'series') return [line];
    return line.kind === 'answer' && line.answer.kind === 'series' ? line.answer.series : [];
  });

/**
 * The time that the recording covers. For recorded answers it is the time they were queried for, because other queries
 * have no answer.
 */
function windowOf(
  lines: readonly RecordingLine[],
  series: readonly SeriesLine[],
  lookbackMs: number,
): { from: number; to: number } | undefined {
  const asked = lines.filter((line) => line.kind === 'answer');
  const at =
    asked.length > 0
      ? asked.flatMap(({ from, to }) => (from === null ? [to] : [from, to]))
      : series.flatMap(({ samples }) => samples.map(([time]) => time));
  if (at.length === 0) return undefined;
  const bounds = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
  for (const time of at) {
    bounds.from = Math.min(bounds.from, time);
    bounds.to = Math.max(bounds.to, time);
  }
  const from = bounds.from + lookbackMs;
  return from < bounds.to ? { from, to: bounds.to } : undefined;
}

/** Evidence is read from shortly before the bake, so that the state at its start is known. */
const lookbackOf = ({ prometheus, preconditions }: Stages): number =>
  Math.max(prometheus.longestGapMs, preconditions.oldestSampleMs);

/** The newest value of a metric of the flag, from any instance. */
function newest(series: readonly SeriesLine[], metric: string, flag: string): number | undefined {
  const samples = series
    .filter(({ labels }) => labels.__name__ === metric && labels.flag === flag)
    .flatMap((one) => one.samples.slice(-1));
  const [, value] = samples.toSorted(([a], [b]) => b - a)[0] ?? [];
  return typeof value === 'number' ? value : undefined;
}
