import { randomUUID } from 'node:crypto';
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { cpuLimitCores } from './cpu-limit.ts';
import { KNOWN_GAUGES } from './gauge-catalogue.ts';
import { memoryLimitBytes } from './memory-limit.ts';
import type { Build } from './read-build.ts';

/**
 * Default gauges whose names end like counters, which metric linters reject. They are sums of other metrics, so they
 * are removed.
 */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * Registers the build and the standard Prometheus client metrics of this process: CPU, memory, event loop and garbage
 * collection. A random process id reveals a process that is scraped under two names and counted twice. Limits that
 * several processes share are divided among them.
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
