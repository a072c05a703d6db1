import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type ObjectBody, type ObjectStore, type Put, StoreFailure } from './object-store.ts';
import { inWords, isMissing, statusOf } from './s3-failures.ts';
import type { S3Options } from './s3-options.ts';
import { withIdleLimit } from './with-idle-limit.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** Attempts for one request. If they all fail, the archive retries the session minutes later. */
const ATTEMPTS = 2;

/** Object store in a bucket of Amazon S3 or of an S3-compatible server. */
export function s3Store(options: S3Options): ObjectStore {
  const { bucket, prefix, timeoutMs } = options;
  const client = new S3Client({
    forcePathStyle: options.pathStyle,
    maxAttempts: ATTEMPTS,
    requestChecksumCalculation: options.checksum === 'when-required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(options.region !== undefined && { region: options.region }),
  });
  const place = `the bucket ${bucket}${prefix === '' ? '' : ` under ${prefix}`}${options.endpoint === undefined ? '' : ` at ${options.endpoint}`}`;
  const at = (key: string) => ({ Bucket: bucket, Key: `${prefix}${key}` });
  const told = <Result>(work: () => Promise<Result>): Promise<Result> => inWords(place, work);
  /**
   * Set to false when the server rejects conditional writes as unsupported. Then a HEAD request checks for the object
   * before the write.
   */
  let conditional = true;

  const remove = async (key: string): Promise<void> => {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: `${prefix}${key}` }),
    );
    const found = [...Versions, ...DeleteMarkers].filter((one) => one.Key === `${prefix}${key}`);
    for (const { VersionId } of found) await client.send(new DeleteObjectCommand({ ...at(key), VersionId }));
    if (found.length === 0) await client.send(new DeleteObjectCommand(at(key)));
  };

  const write = async (key: string, body: ObjectBody): Promise<Put> => {
    const { VersionId } = await client.send(
      new PutObjectCommand({
        ...at(key),
        Body: await contentOf(body),
        ContentLength: body.bytes,
        ContentType: 'application/json',
        ContentEncoding: 'gzip',
        // The server compares the received content with this checksum.
        ChecksumSHA256: Buffer.from(body.sha256, 'hex').toString('base64'),
        ...(conditional && { IfNoneMatch: '*' }),
      }),
    );
    return { kind: 'written', version: VersionId ?? null };
  };

  const find = async (key: string): Promise<Put | undefined> => {
    try {
      const { VersionId } = await client.send(new HeadObjectCommand(at(key)));
      return { kind: 'exists', version: VersionId ?? null };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };

  const putOnce = async (key: string, body: ObjectBody): Promise<Put> => {
    const before = conditional ? undefined : await find(key);
    if (before !== undefined) return before;
    try {
      return await write(key, body);
    } catch (error) {
      const there = statusOf(error) === 412 ? await find(key) : undefined;
      if (there !== undefined) return there;
      if (!conditional || statusOf(error) !== 501) throw error;
      conditional = false;
      return await putOnce(key, body);
    }
  };

  async function* list(folder: string): AsyncGenerator<string> {
    for (let from: string | undefined; ; ) {
      const page = new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}${folder}/`, ContinuationToken: from });
      const { Contents = [], NextContinuationToken } = await told(() => client.send(page));
      // Consoles keep an object with a slash at the end of its key for each folder that was made by hand.
      for (const { Key } of Contents) if (Key !== undefined && !Key.endsWith('/')) yield Key.slice(prefix.length);
      if (NextContinuationToken === undefined) return;
      from = NextContinuationToken;
    }
  }

  return {
    place,

    // Bucket settings are the owner's choice, so a bucket is never created here.
    make: async () => {},

    check: () =>
      told(async () => {
        await client.send(new HeadBucketCommand({ Bucket: bucket }));
        const notes: string[] = [];
        const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }));
        if (Status !== 'Enabled') {
          const what = `the bucket ${bucket} keeps no versions`;
          if (options.versioning === 'required')
            throw new StoreFailure(
              'store_unusable',
              `${what}: enable versioning on it, or set versioning=off in the address`,
            );
          notes.push(`${what}: objects that others overwrite or delete there cannot be brought back`);
        }
        const probe = `probe/${randomUUID()}`;
        await write(probe, PROBE);
        await remove(probe);
        const expires = await client
          .send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))
          .then(({ Rules = [] }) => Rules.some((rule) => rule.Status === 'Enabled' && rule.Expiration !== undefined))
          .catch(() => false);
        if (expires)
          notes.push(`the bucket ${bucket} has a lifecycle rule that expires objects: it ignores legal holds`);
        return notes;
      }),

    put: (key, body) => told(() => putOnce(key, body)),

    get: (key, version) =>
      told(async () => {
        try {
          const { Body } = await client.send(
            new GetObjectCommand({ ...at(key), ...(version !== null && { VersionId: version }) }),
          );
          if (Body === undefined) return undefined;
          return withIdleLimit(Body.transformToWebStream(), { limitMs: timeoutMs, place });
        } catch (error) {
          if (isMissing(error)) return undefined;
          throw error;
        }
      }),

    list,

    remove: (key) => told(() => remove(key)),

    [Symbol.asyncDispose]: async () => client.destroy(),
  };
}

const PROBE: ObjectBody = {
  bytes: 1,
  sha256: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  async *open() {
    yield new Uint8Array(1);
  },
};

/** Small bodies are sent from memory, so that the SDK can retry them; larger ones are streamed. */
const WHOLE_UP_TO = 8 * 1024 * 1024;

async function contentOf(body: ObjectBody): Promise<Buffer | Readable> {
  if (body.bytes > WHOLE_UP_TO) return Readable.from(body.open());
  return Buffer.concat(await Array.fromAsync(body.open()));
}
