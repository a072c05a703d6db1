import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What every log line of a request carries, whoever writes it. */
export type RequestFields = {
  'http.request.id': string;
  'user.id'?: string;
  task_id?: string;
  session_id?: string;
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

/** A balancer's own id is taken over, if it is one that can go into a log. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && GIVEN_ID.test(given) ? given : randomUUID();
}
