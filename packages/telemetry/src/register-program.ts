import { randomUUID } from 'node:crypto';
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { cpuLimitCores } from './cpu-limit.ts';
import { KNOWN_GAUGES } from './gauge-catalogue.ts';
import { memoryLimitBytes } from './memory-limit.ts';
import type { Build } from './read-build.ts';

/** Gauges with the name of a counter, which no program that checks metrics accepts. The same numbers are in the metrics they are sums of. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * CPU, memory, event loop and garbage collection of this process, under the names Prometheus clients share, and which program it is. The id of the
 * process is made up at its start: one that is scraped under two names is counted twice, and no address or start time tells. Of limits that several
 * processes share each has its part: all of them at their part is the program at its limit.
 */
export function registerProgram(registry: Registry, { version, revision }: Build, processes = 1): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const { buildInfo, cpuLimit, memoryLimit } = KNOWN_GAUGES;
  const labels = { version, revision, process: randomUUID() };
  new Gauge({ ...buildInfo, labelNames: Object.keys(labels), registers: [registry] }).set(labels, 1);
  new Gauge({
    ...cpuLimit,
    registers: [registry],
    collect() {
      this.set(cpuLimitCores() / processes);
    },
  });
  new Gauge({
    ...memoryLimit,
    registers: [registry],
    collect() {
      this.set(memoryLimitBytes() / processes);
    },
  });
}
