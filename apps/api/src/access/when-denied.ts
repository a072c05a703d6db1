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

/**
 * Returns a signal that is aborted when the caller may no longer receive this response. The watch ends when the
 * response is closed.
 */
export function deniedSignal({ watch, caller, route, response }: Answering): AbortSignal {
  const denied = new AbortController();
  // A response that is already closed emits no further 'close' event, so its watch would never end.
  if (response.destroyed) return denied.signal;
  const leave = watch({
    holds: (now) => isSameCaller(caller, now) && mayStill(now, route),
    lost: () => denied.abort(),
  });
  response.once('close', leave);
  return denied.signal;
}

/** The response contains what the project of the caller allowed when the request began. */
const isSameCaller = (before: Caller, now: Caller): boolean =>
  before.id === now.id && before.projectId === now.projectId;

const mayStill = ({ scopes }: Caller, { scope }: Pick<RouteSpec, 'scope'>): boolean =>
  scope === 'none' || grants(scopes, scope);

/** Breaks the connection of a download instead of ending its response: a partial download must not look complete. */
export function cutWhenDenied({ response, whenDenied }: Pick<AnyCall, 'response' | 'whenDenied'>): void {
  whenDenied().addEventListener('abort', () => response.destroy(), { once: true });
}
