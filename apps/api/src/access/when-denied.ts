import type { ServerResponse } from 'node:http';
import type { RouteSpec } from '@phaselock/contract';
import type { AnyCall } from '../server/handle.ts';
import type { Admission } from './admission.ts';
import type { Caller } from './caller.ts';
import { grants } from './scopes.ts';

type Answering = {
  readonly watch: Admission['watch'];
  readonly caller: Caller;
  readonly route: Pick<RouteSpec, 'scope'>;
  readonly response: ServerResponse;
};

/** Aborted when the caller may not have this answer any more. Watched until the response is closed. */
export function deniedSignal({ watch, caller, route, response }: Answering): AbortSignal {
  const denied = new AbortController();
  // A response that is closed already emits no 'close', and the watch would have no end.
  if (response.destroyed) return denied.signal;
  const leave = watch({
    holds: (now) => isSameCaller(caller, now) && mayStill(now, route),
    lost: () => denied.abort(),
  });
  response.once('close', leave);
  return denied.signal;
}

/** What the answer shows was chosen for the project the caller had when it asked. */
const isSameCaller = (before: Caller, now: Caller): boolean =>
  before.id === now.id && before.projectId === now.projectId;

const mayStill = ({ scopes }: Caller, { scope }: Pick<RouteSpec, 'scope'>): boolean =>
  scope === 'none' || grants(scopes, scope);

/** For a download: the part that was sent must not look whole, so the connection is broken and not ended. */
export function cutWhenDenied({ response, whenDenied }: Pick<AnyCall, 'response' | 'whenDenied'>): void {
  whenDenied().addEventListener('abort', () => response.destroy(), { once: true });
}
