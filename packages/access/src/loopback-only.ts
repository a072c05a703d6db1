import { PhaselockError } from '@phaselock/core';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host);

/** Of a Host header. */
const hostName = (host: string): string => host.replace(/:\d+$/, '');

/** What a proxy adds. A program of this machine that asks us itself has no reason to send one of them. */
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
 * Whether a request can only come from this machine's own programs: a web page of somebody else speaks to it through its user's browser either
 * under a name that was made to point here, or from its own origin. An address in the request line counts more than the Host header. A proxy on this
 * machine may send our own address as the Host, whatever name it was asked by: what was passed on is not from here.
 */
export function isFromHere({ url = '/', headers }: Asked): boolean {
  const { host, origin } = headers;
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
  if (host !== undefined && !isLoopbackHost(hostName(host))) return false;
  if (!url.startsWith('/') && url !== '*' && !isHere(url)) return false;
  return origin === undefined || isHere(origin);
}

/** With authentication off, on every path: also a page, a probe or a refusal says that something is here. */
export function refuseForeigners(asked: Asked): void {
  if (!isFromHere(asked))
    throw new PhaselockError('forbidden', { detail: 'without authentication only this machine is answered' });
}
