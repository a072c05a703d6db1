import { redactText } from '../redact-secrets.ts';
import type { RequestSpan } from './request-span.ts';

/** Who the spans are of. */
export type TraceResource = { readonly name: string; readonly version: string; readonly environment: string };

type Attribute = {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
};

const SERVER = 2;
const ERROR = 2;
const NS_A_MS = 1_000_000;
/** Those of a request's log lines that a trace is searched for. */
const TAKEN = ['http.request.id', 'phaselock.task_id', 'phaselock.session_id'] as const;

/** The body of one call of OTLP over HTTP, in its JSON form: ids in hexadecimal, whole numbers of 64 bits as texts. */
export const otlpRequest = ({ name, version, environment }: TraceResource, spans: readonly RequestSpan[]) => ({
  resourceSpans: [
    {
      resource: {
        attributes: attributes({
          'service.name': name,
          'service.version': version,
          'deployment.environment.name': environment,
        }),
      },
      scopeSpans: [{ scope: { name: 'phaselock', version }, spans: spans.map(otlpSpan) }],
    },
  ],
});

function otlpSpan(span: RequestSpan) {
  const { traceId, spanId, parentId, method, route, operation, path, status, endedAtMs, tookMs, fields } = span;
  const failed = status >= 500;
  return {
    traceId,
    spanId,
    ...(parentId !== undefined && { parentSpanId: parentId }),
    name: route === undefined ? method : `${method} ${route}`,
    kind: SERVER,
    startTimeUnixNano: nanoseconds(endedAtMs - tookMs),
    endTimeUnixNano: nanoseconds(endedAtMs),
    attributes: attributes({
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
      'url.scheme': 'http',
      'url.path': path,
      'phaselock.operation': operation,
      ...Object.fromEntries(TAKEN.map((name) => [name, fields[name] ?? undefined])),
      'error.type': failed ? String(status) : undefined,
    }),
    status: failed ? { code: ERROR } : {},
  };
}

const nanoseconds = (ms: number): string => String(BigInt(Math.round(ms * 1_000)) * BigInt(NS_A_MS / 1_000));

const attributes = (values: Readonly<Record<string, string | number | undefined>>): Attribute[] =>
  Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [
      { key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: redactText(value) } },
    ];
  });
