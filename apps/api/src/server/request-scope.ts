import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ExemplarLabels } from '@phaselock/telemetry';

/** Fields that every log line of a request carries. */
export type RequestFields = {
  'http.request.id': string;
  'trace.id'?: string;
  'transaction.id'?: string;
  'user.id'?: string;
  'phaselock.task_id'?: string;
  'phaselock.session_id'?: string;
};

export type RequestScope = {
  run<Result>(fields: RequestFields, work: () => Result): Result;
  fields(): RequestFields | undefined;
};

export function createRequestScope(): RequestScope {
  const storage = new AsyncLocalStorage<RequestFields>();
  return { run: (fields, work) => storage.run(fields, work), fields: () => storage.getStore() };
}

const GIVEN_ID = /^[\w.:-]{1,100}$/;

/** Uses the request id given by a load balancer if it is safe to log, else a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && GIVEN_ID.test(given) ? given : randomUUID();
}

/**
 * Maximum total length of an exemplar's label names and values in OpenMetrics. Nearly all ids are shorter than half of
 * it.
 */
const MAX_EXEMPLAR = 128;

/** The labels that link a histogram bucket to the logs and the trace of one request. */
export function exemplarOf(fields: RequestFields | undefined): ExemplarLabels | undefined {
  if (fields === undefined) return undefined;
  const { 'http.request.id': request_id, 'trace.id': trace_id } = fields;
  const fits = 'request_idtrace_id'.length + request_id.length + (trace_id?.length ?? 0) <= MAX_EXEMPLAR;
  return trace_id === undefined || !fits ? { request_id } : { request_id, trace_id };
}
