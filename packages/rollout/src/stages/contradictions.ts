import type { GateFile, StagesFile } from './stages-file.ts';

export type Mistake = { readonly path: readonly (string | number)[]; readonly mistake: string };

/** The upper bounds of each histogram in seconds. */
export type Buckets = Readonly<Record<string, readonly number[]>>;

/** Finds values that are valid on their own, but contradict each other. */
export function contradictionsIn(file: StagesFile, buckets: Buckets): Mistake[] {
  return [
    ...Object.entries(file.gates).flatMap(([name, gate]) => inGate(name, gate, buckets)),
    ...Object.keys(file.flags).flatMap((flag) => inLadder(flag, file)),
    ...inBounds(file),
  ];
}

function inGate(name: string, gate: GateFile, buckets: Buckets): Mistake[] {
  const at = (key: string, mistake: string): Mistake => ({ path: ['gates', name, key], mistake });
  switch (gate.kind) {
    case 'failures':
      return gate.assumed < gate.limit ? [] : [at('assumed', 'is not below the limit, so no bake could prove it')];
    case 'utilisation':
      return [];
    case 'latency': {
      const found: Mistake[] = [];
      const seconds = gate.limit / 1_000;
      if (gate.assumed >= 1 - gate.quantile)
        found.push(at('assumed', 'is not below one minus the quantile, so no bake could prove it'));
      const bounds = buckets[gate.histogram.metric];
      if (bounds === undefined)
        found.push(at('histogram', `${gate.histogram.metric} is no histogram whose buckets are known`));
      else if (!bounds.includes(seconds))
        found.push(
          at('limit', `${seconds} s is no bucket bound of ${gate.histogram.metric}, which has ${bounds.join(', ')}`),
        );
      // Prometheus 3 stores le="1" as "1.0", Prometheus 2 does not: no selector finds both.
      if (Number.isInteger(seconds)) found.push(at('limit', 'is a whole number of seconds, which cannot be selected'));
      return found;
    }
  }
}

function inLadder(flag: string, file: StagesFile): Mistake[] {
  const ladder = file.flags[flag];
  if (ladder === undefined) return [];
  const { stages, cohorts } = ladder;
  const found: Mistake[] = [];
  const seen = new Set<string>();
  if (cohorts.treatment.some((value) => cohorts.control.includes(value)))
    found.push({ path: ['flags', flag, 'cohorts'], mistake: 'has a value that is both treatment and control' });
  for (const [index, stage] of stages.entries()) {
    const at = (key: string, mistake: string): void => {
      found.push({ path: ['flags', flag, 'stages', index, key], mistake });
    };
    const before = stages[index - 1];
    if (before !== undefined && stage.percent <= before.percent)
      at('percent', `${stage.percent} is not more than the ${before.percent} of the stage before`);
    if (stage.bake.least > stage.bake.most) at('bake', 'has a least time that is longer than its longest');
    for (const gate of stage.gates) {
      if (file.gates[gate] === undefined) at('gates', `${gate} is no gate of this file`);
      if (seen.has(gate)) at('gates', `${gate} is in force already`);
      seen.add(gate);
    }
  }
  return found;
}

function inBounds(file: StagesFile): Mistake[] {
  const { decision, prometheus, preconditions } = file;
  const found: Mistake[] = [];
  if (preconditions.oldest_sample < prometheus.scrape_interval)
    found.push({ path: ['preconditions', 'oldest_sample'], mistake: 'is less than the scrape interval' });
  const gates = Object.keys(file.gates).length;
  if ((1 - decision.power) / gates <= decision.control_alpha)
    found.push({ path: ['decision', 'control_alpha'], mistake: `leaves no power for ${gates} gates` });
  if (prometheus.chunk <= prometheus.scrape_interval * prometheus.longest_gap)
    found.push({ path: ['prometheus', 'chunk'], mistake: 'is not longer than the longest gap' });
  return found;
}
