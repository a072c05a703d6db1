import { PhaselockError } from '@phaselock/core';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host);

/** Of a Host header. */
const hostName = (host: string): string => host.replace(/:\d+$/, '');

/**
 * With authentication off, a web page of somebody else must not speak to this machine through its user's browser: neither under a name
 * that was made to point here, nor from its own origin.
 */
export function refuseForeignOrigin({ host, origin }: { readonly host?: string; readonly origin?: string }): void {
  const foreign = new PhaselockError('forbidden', { detail: 'without authentication only this machine is answered' });
  if (host !== undefined && !isLoopbackHost(hostName(host))) throw foreign;
  if (origin === undefined) return;
  if (!URL.canParse(origin) || !isLoopbackHost(new URL(origin).hostname)) throw foreign;
}
