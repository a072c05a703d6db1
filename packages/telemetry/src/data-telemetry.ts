import { Gauge, type Registry } from 'prom-client';
import { KNOWN_GAUGES } from './gauge-catalogue.ts';
import { knownGauge } from './known-gauge.ts';
import { AUDIT_SEVERITIES } from './label-values.ts';
import type { AuditOutcome, DataTelemetry } from './telemetry.ts';

export function dataTelemetry(registry: Registry): DataTelemetry {
  const legacyDuplicates = knownGauge(registry, KNOWN_GAUGES.legacyDuplicates);
  const audited = {
    all: auditGauges(registry, KNOWN_GAUGES.auditLastRun, KNOWN_GAUGES.auditFindings),
    incremental: auditGauges(registry, KNOWN_GAUGES.incrementalAuditLastRun, KNOWN_GAUGES.incrementalAuditFindings),
  };
  return { legacyDuplicates, audited: (scope, outcome) => audited[scope](outcome) };
}

type Described = { readonly name: string; readonly help: string };

/** Returns what sets both gauges. */
function auditGauges(registry: Registry, ofLastRun: Described, ofFindings: Described): (outcome: AuditOutcome) => void {
  const lastRun = knownGauge(registry, ofLastRun);
  const findings = new Gauge({ ...ofFindings, labelNames: ['severity'], registers: [registry] });
  return ({ finishedAt, findings: found }) => {
    lastRun(finishedAt.getTime() / 1_000);
    for (const severity of AUDIT_SEVERITIES) findings.set({ severity }, found[severity]);
  };
}
