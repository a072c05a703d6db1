import { Gauge, type Registry } from 'prom-client';
import type { ExemplarShelf } from './exemplars.ts';
import { GAUGES } from './gauge-catalogue.ts';
import { STATUS_CLASSES, type StatusClass } from './label-values.ts';
import { COUNTERS, HTTP } from './metric-catalogue.ts';
import { registerCounter, registerHistogram } from './register-metrics.ts';
import type { HttpCounts, HttpTelemetry, OperationKind } from './telemetry.ts';

/** The label of a request that matches no operation. */
const UNKNOWN = 'unknown';

/**
 * The operations are a closed set, like the values of every label: any other name is counted as unknown and creates no
 * series. Long answers and probes have their own histograms, because a stream of an hour is not a slow answer, and
 * thousands of probes would make answers look fast.
 */
export function httpTelemetry(
  registry: Registry,
  operations: Readonly<Record<string, OperationKind>>,
  exemplars: ExemplarShelf,
): HttpTelemetry {
  const known = new Map<string, OperationKind>([...Object.entries(operations), [UNKNOWN, 'usual']]);
  const of = (kind: OperationKind) => ({
    operation: [...known].filter(([, its]) => its === kind).map(([operation]) => operation),
  });
  const labels = { operation: [...known.keys()], status_class: STATUS_CLASSES };
  const requests = registerCounter(registry, { ...HTTP.requests, labels });
  const seconds = {
    usual: registerHistogram(registry, { ...HTTP.seconds, labels: of('usual') }, exemplars),
    long: registerHistogram(registry, { ...HTTP.longAnswers, labels: of('long') }),
    probe: registerHistogram(registry, { ...HTTP.probes, labels: of('probe') }),
  };
  const shed = registerCounter(registry, COUNTERS.requestsShed);
  const spans = registerCounter(registry, COUNTERS.traceSpans);
  const limited = registerCounter(registry, COUNTERS.requestsLimited);
  const refused = registerCounter(registry, COUNTERS.longAnswersRefused);
  const cut = registerCounter(registry, COUNTERS.longAnswersCut);
  return {
    spans: (result, count) => spans({ result }, count),
    answered: (name, status, took, exemplar) => {
      const operation = known.has(name) ? name : UNKNOWN;
      requests({ operation, status_class: classOf(status) });
      seconds[known.get(operation) ?? 'usual']({ operation }, took, exemplar);
    },
    shed: (reason) => shed({ reason }),
    limited: () => limited({}),
    refused: (kind, bound) => refused({ kind, bound }),
    cut: (kind) => cut({ kind }),
    observe: registerHttpGauges(registry),
  };
}

function classOf(status: number): StatusClass {
  const first = String(Math.floor(status / 100));
  return STATUS_CLASSES.find((known) => known.startsWith(first)) ?? '5xx';
}

/** Read at each scrape. */
function registerHttpGauges(registry: Registry): HttpTelemetry['observe'] {
  const servers = new Set<() => HttpCounts>();
  const sum = (count: keyof HttpCounts): number => [...servers].reduce((total, counts) => total + counts()[count], 0);
  const gauge = ({ name, help }: { name: string; help: string }, count: keyof HttpCounts): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(sum(count));
      },
    });
  };
  gauge(GAUGES.ready, 'ready');
  gauge(GAUGES.requestsInFlight, 'inFlight');
  gauge(GAUGES.streams, 'streams');
  gauge(GAUGES.downloads, 'downloads');
  return (counts) => {
    servers.add(counts);
    return () => void servers.delete(counts);
  };
}
