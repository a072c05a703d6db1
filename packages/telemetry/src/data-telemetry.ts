import { Gauge, type Registry } from 'prom-client';
import { KNOWN_GAUGES } from './gauge-catalogue.ts';
import { knownGauge } from './known-gauge.ts';
import { AUDIT_SEVERITIES } from './label-values.ts';
import type { DataTelemetry } from './telemetry.ts';

export function dataTelemetry(registry: Registry): DataTelemetry {
  const legacyDuplicates = knownGauge(registry, KNOWN_GAUGES.legacyDuplicates);
  const lastRun = knownGauge(registry, KNOWN_GAUGES.auditLastRun);
  const findings = new Gauge({ ...KNOWN_GAUGES.auditFindings, labelNames: ['severity'], registers: [registry] });
  return {
    legacyDuplicates,
    audited: ({ finishedAt, findings: found }) => {
      lastRun(finishedAt.getTime() / 1_000);
      for (const severity of AUDIT_SEVERITIES) findings.set({ severity }, found[severity]);
    },
  };
}
