import { HISTOGRAMS } from '@phaselock/telemetry';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { requiredSizes } from '../gates/required-sizes.ts';
import { type Buckets, contradictionsIn, type Mistake } from './contradictions.ts';
import type { Decision, Gate, Ladder, Stage, Stages } from './stages.ts';
import { type GateFile, type LadderFile, type StagesFile, stagesFile } from './stages-file.ts';

/** All mistakes of a stages file, each with its line. */
export class StagesMistakes extends Error {
  override readonly name = 'StagesMistakes';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(`the stages have mistakes:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`);
    this.mistakes = mistakes;
  }
}

const KNOWN_BUCKETS: Buckets = Object.fromEntries(
  Object.values(HISTOGRAMS).map(({ name, buckets }) => [name, buckets]),
);

/** Parses a stages.yml. Throws {@link StagesMistakes}. */
export function readStages(text: string, buckets: Buckets = KNOWN_BUCKETS): Stages {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0)
    throw new StagesMistakes(
      document.errors.map(({ pos, message }) => `line ${lines.linePos(pos[0]).line}: ${message.split('\n')[0]}`),
    );
  /** The line of the nearest existing node, because a missing key has no line. */
  const lineOf = (path: readonly (string | number)[]): number => {
    for (let depth = path.length; depth >= 0; depth -= 1) {
      const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const told = ({ path, mistake }: Mistake): string => `line ${lineOf(path)}: ${path.join('.')}: ${mistake}`;

  const parsed = stagesFile.safeParse(document.toJS());
  if (!parsed.success)
    throw new StagesMistakes(
      parsed.error.issues.flatMap((issue) => {
        const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
        if (issue.code !== 'unrecognized_keys') return [told({ path, mistake: issue.message })];
        return issue.keys.map((key) => told({ path: [...path, key], mistake: 'is not known' }));
      }),
    );
  const mistakes = contradictionsIn(parsed.data, buckets);
  if (mistakes.length > 0) throw new StagesMistakes(mistakes.map(told));
  return stagesOf(parsed.data);
}

function stagesOf(file: StagesFile): Stages {
  const { decision, prometheus, preconditions } = file;
  const gates = Object.entries(file.gates).map(([name, gate]) => gateOf(name, gate));
  const read: Decision = {
    confidence: decision.confidence,
    power: decision.power,
    earlyFailAlpha: decision.early_fail_alpha,
    controlAlpha: decision.control_alpha,
    controlMargin: decision.control_margin,
  };
  return {
    decision: read,
    prometheus: {
      job: prometheus.job,
      scrapeIntervalMs: prometheus.scrape_interval,
      longestGapMs: prometheus.scrape_interval * (prometheus.longest_gap + 1),
      timeoutMs: prometheus.timeout,
      largestAnswerBytes: prometheus.largest_answer,
      chunkMs: prometheus.chunk,
    },
    preconditions: {
      leastInstances: preconditions.least_instances,
      oldestSampleMs: preconditions.oldest_sample,
      oldestFlagReadMs: preconditions.oldest_flag_read,
      oldestAuditMs: preconditions.oldest_audit,
      mostAuditErrors: preconditions.audit_errors,
      watchdog: preconditions.watchdog,
      mostShedRequests: preconditions.shed_requests,
      mostEndedProcesses: preconditions.ended_processes,
    },
    gates,
    ladders: Object.entries(file.flags).map(([flag, ladder]) => ladderOf(flag, ladder, gates, read)),
  };
}

function gateOf(name: string, gate: GateFile): Gate {
  const { title, events, spec, k6 } = gate;
  switch (gate.kind) {
    case 'failures': {
      const { kind, by, limit, assumed, bad, total, twice } = gate;
      return { name, title, events, spec, k6, kind, by, limit, assumed, bad, total, twice };
    }
    case 'latency': {
      const { kind, by, limit, quantile, assumed, histogram } = gate;
      return { name, title, events, spec, k6, kind, by, limitSeconds: limit / 1_000, quantile, assumed, histogram };
    }
    case 'utilisation': {
      const { kind, limit, quantile, period, early_periods, used, capacity } = gate;
      const periods = { periodMs: period, earlyPeriods: early_periods };
      return { name, title, events, spec, k6, kind, by: null, limit, quantile, ...periods, used, capacity };
    }
  }
}

function ladderOf(
  flag: string,
  { subject, cohorts, stages }: LadderFile,
  gates: readonly Gate[],
  decision: Decision,
): Ladder {
  const inForce = new Set<string>();
  return {
    flag,
    subject,
    cohorts,
    stages: stages.map(({ percent, bake, gates: added, shown }, index): Stage => {
      for (const name of added) inForce.add(name);
      const asked = {
        cohorts,
        gates: gates.filter(({ name }) => inForce.has(name)),
        bake: { leastMs: bake.least, mostMs: bake.most },
      };
      return {
        flag,
        number: index + 1,
        percent,
        ...asked,
        sizes: requiredSizes(decision, asked),
        shown: shown.map(({ title, metric, labels }) => ({ title, selector: { metric, labels, not: {} } })),
      };
    }),
  };
}

/** The ladder of a flag; undefined if the file has none. */
export const ladderFor = (stages: Stages, flag: string): Ladder | undefined =>
  stages.ladders.find((ladder) => ladder.flag === flag);
