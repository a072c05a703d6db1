import { join } from 'node:path';
import { folderStore } from './folder-store.ts';
import { type ObjectStore, StoreFailure } from './object-store.ts';
import type { S3Options } from './s3-options.ts';

const S3_SETTINGS = ['endpoint', 'region', 'path-style', 'checksum', 'versioning', 'timeout-ms'] as const;
const DEFAULT_TIMEOUT_MS = 30_000;

/** `folder:PATH`, or `s3://BUCKET/PREFIX?endpoint=…&region=…&path-style=true&checksum=when-required&versioning=off&timeout-ms=…`. */
export type StoreAddress =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 's3'; readonly options: S3Options };

export function parseStoreAddress(text: string): StoreAddress | { readonly mistake: string } {
  if (text.startsWith('folder:')) {
    const path = text.slice('folder:'.length);
    return path === '' ? { mistake: 'must name a folder after folder:' } : { kind: 'folder', path };
  }
  if (!text.startsWith('s3://')) return { mistake: 'must be folder:PATH or s3://BUCKET/PREFIX' };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') return { mistake: 'must name a bucket after s3://' };
  if (url.username !== '' || url.password !== '')
    return { mistake: 'must not hold keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' };
  return s3Address(url);
}

function s3Address(url: URL): StoreAddress | { readonly mistake: string } {
  const names: readonly string[] = S3_SETTINGS;
  const unknown = [...url.searchParams.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined)
    return { mistake: `has an unknown setting ${unknown}; there are ${S3_SETTINGS.join(', ')}` };
  const given = (name: (typeof S3_SETTINGS)[number]): string | undefined => url.searchParams.get(name) ?? undefined;
  const endpoint = given('endpoint');
  if (endpoint !== undefined && !/^https?:\/\//.test(endpoint))
    return { mistake: 'must have an http or https endpoint' };
  const choice = <Value extends string>(
    name: (typeof S3_SETTINGS)[number],
    values: readonly [Value, ...Value[]],
  ): Value | undefined => (given(name) === undefined ? values[0] : values.find((value) => value === given(name)));
  const pathStyle = choice('path-style', ['false', 'true']);
  const checksum = choice('checksum', ['when-supported', 'when-required']);
  const versioning = choice('versioning', ['required', 'off']);
  if (pathStyle === undefined) return { mistake: 'must have path-style=true or path-style=false' };
  if (checksum === undefined) return { mistake: 'must have checksum=when-supported or checksum=when-required' };
  if (versioning === undefined) return { mistake: 'must have versioning=required or versioning=off' };
  const timeoutMs = Number(given('timeout-ms') ?? DEFAULT_TIMEOUT_MS);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 100) return { mistake: 'must have timeout-ms of at least 100' };
  const path = url.pathname.replace(/^\/+/, '').replace(/(?<!\/)\/+$/, '');
  return {
    kind: 's3',
    options: {
      bucket: url.hostname,
      prefix: path === '' ? '' : `${path}/`,
      endpoint,
      region: given('region'),
      pathStyle: pathStyle === 'true',
      checksum,
      versioning,
      timeoutMs,
    },
  };
}

/** The default location is a folder beside the embedded database. */
export const archiveAddress = ({
  archiveUrl,
  dataDir,
}: {
  readonly archiveUrl: string | undefined;
  readonly dataDir: string;
}): string => archiveUrl ?? `folder:${join(dataDir, 'archive')}`;

export async function openObjectStore(address: string): Promise<ObjectStore> {
  const parsed = parseStoreAddress(address);
  if ('mistake' in parsed) throw new StoreFailure('store_unusable', `the address of the archive ${parsed.mistake}`);
  if (parsed.kind === 'folder') return folderStore(parsed.path);
  // Loaded on demand because the AWS SDK is slow to load and a folder store does not need it.
  const { s3Store } = await import('./s3-store.ts');
  return s3Store(parsed.options);
}
