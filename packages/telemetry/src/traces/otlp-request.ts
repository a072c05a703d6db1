import { redactText } from '../redact-secrets.ts';
import type { RequestSpan } from './request-span.ts';

/** The service that the spans belong to. */
export type TraceResource = { readonly name: string; readonly version: string; readonly environment: string };

type Attribute = {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
};

const SERVER = 2;
const ERROR = 2;
const NS_A_MS = 1_000_000;
/** The log fields of a request by which traces are searched. */
const TAKEN = ['http.request.id', 'phaselock.task_id', 'phaselock.session_id'] as const;

/** The body of an OTLP request over HTTP in JSON: ids are hexadecimal, 64-bit integers are strings. */
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
