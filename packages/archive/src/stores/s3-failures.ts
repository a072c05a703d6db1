import type { StoreFailureCode } from '@phaselock/core';
import { StoreFailure } from './object-store.ts';

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** The HTTP status of the server's response, if there was one. */
export const statusOf = (error: unknown): number | undefined => {
  const status = field(field(error, '$metadata'), 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
};

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

export const isMissing = (error: unknown): boolean =>
  nameOf(error) !== 'NoSuchBucket' &&
  (statusOf(error) === 404 || nameOf(error) === 'NoSuchKey' || nameOf(error) === 'NoSuchVersion');

const DENIED = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'CredentialsProviderError',
]);
const CUT = new Set(['ECONNRESET', 'EPIPE', 'ECONNREFUSED']);
const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage']);

function codeOf(error: unknown): StoreFailureCode {
  const name = nameOf(error);
  const status = statusOf(error);
  if (DENIED.has(name) || status === 401 || status === 403) return 'store_denied';
  if (FULL.has(name) || status === 507) return 'store_full';
  if (name === 'NoSuchBucket' || status === 404) return 'store_unusable';
  // The SDK also reports a reset connection as a time-out.
  if (name === 'TimeoutError' && !CUT.has(String(field(error, 'code')))) return 'store_slow';
  return 'store_unavailable';
}

/** A response to a HEAD request has no body, so only its status is known. */
function whatWasSaid(error: unknown): string {
  const status = statusOf(error);
  if (status !== undefined && (error instanceof Error ? error.message : '') === 'UnknownError')
    return `it returned status ${status}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Converts errors of the S3 client into a StoreFailure with a code. */
export async function inWords<Result>(place: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreFailure) throw error;
    const code = codeOf(error);
    const said = whatWasSaid(error);
    const cure: Partial<Record<StoreFailureCode, string>> = {
      store_denied: ' (are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set, and allowed to read and write there?)',
      store_unusable: ' (make the bucket first)',
    };
    throw new StoreFailure(code, `${place}: ${said}${cure[code] ?? ''}`, { cause: error });
  }
}
