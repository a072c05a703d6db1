import type { CampaignRecord } from '@phaselock/store';
import type { StageVerdict } from '../gates/verdict.ts';
import { recordPrometheus } from '../prometheus/record-prometheus.ts';
import type { RecordingLine } from '../prometheus/recording.ts';
import type { PresentVerdict } from './conduct.ts';
import { type JudgeBake, judgeBake } from './judge-bake.ts';

/** Judges the bake and writes the data it used: a simulation of these lines comes to the same verdict. */
export async function recordBake(
  judging: JudgeBake,
  write: (line: RecordingLine) => void,
  record: CampaignRecord,
): Promise<PresentVerdict<StageVerdict>> {
  const { flag, stage, expectedInstances, bakingSince, present } = record;
  const to = record.now.getTime();
  const from = bakingSince?.getTime() ?? to;
  const { percent, version } = present;
  write({ kind: 'bake', flag, stage, percent, version, from, to, expectedInstances });
  return await judgeBake({ ...judging, prometheus: recordPrometheus(judging.prometheus, write) }, record);
}
