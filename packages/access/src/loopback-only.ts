import { PhaselockError } from '@phaselock/core';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host);

/** The name in a Host header, without the port. */
const hostName = (host: string): string => host.replace(/:\d+$/, '');

/** Headers that a proxy adds. A local program that calls the service directly has no reason to send one. */
const FORWARDED = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
] as const;

type Asked = {
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>> & {
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
  };
};

const isHere = (address: string): boolean => URL.canParse(address) && isLoopbackHost(new URL(address).hostname);

/**
 * Whether a request can only come from a program on this machine. A foreign web page reaches the service through the
 * user's browser, either under a DNS name that points to this machine (DNS rebinding) or with its own Origin. An
 * absolute address in the request line is checked too, because it takes precedence over the Host header. A proxy on
 * this machine may send a loopback Host for any requested name, so forwarded requests do not count as local.
 */
export function isFromHere({ url = '/', headers }: Asked): boolean {
  const { host, origin } = headers;
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
  if (host !== undefined && !isLoopbackHost(hostName(host))) return false;
  if (!url.startsWith('/') && url !== '*' && !isHere(url)) return false;
  return origin === undefined || isHere(origin);
}

/**
 * Refuses requests that do not come from this machine; used while authentication is off. Applies to every path, because
 * any response would reveal the service.
 */
export function refuseForeigners(asked: Asked): void {
  if (!isFromHere(asked))
    throw new PhaselockError('forbidden', { detail: 'without authentication, only local requests are served' });
}
