import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { CreateBucketCommand, ListBucketsCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { eventually, temporaryDirectory } from '@phaselock/testkit';

/**
 * Path of versitygw, a real S3 server, on the PATH or in Go's install folder. In CI its absence is an error and does
 * not skip the tests.
 */
export function s3Server(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env.PATH ?? '').split(delimiter), env.GOBIN ?? '', join(homedir(), 'go', 'bin')];
  const found = folders.map((folder) => join(folder, 'versitygw')).find((path) => existsSync(path));
  if (found === undefined && env.CI === 'true')
    throw new Error(
      'The tests of S3 cannot run: no versitygw on the PATH (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0).',
    );
  return found;
}

export type S3Server = AsyncDisposable & {
  readonly endpoint: string;
  readonly port: number;
  /** Creates a bucket and returns its address in the form of PHASELOCK_ARCHIVE_URL. */
  bucket(name: string, versioned?: boolean): Promise<string>;
  /** Path of an object in the gateway's storage, for damaging it without the gateway noticing. */
  pathOf(bucket: string, key: string): string;
};

const KEYS = { AWS_ACCESS_KEY_ID: 'phaselock-test', AWS_SECRET_ACCESS_KEY: 'only-for-tests-on-loopback' } as const;

/** Starts the server and sets its credentials in this process's environment, where the SDK reads them. */
export async function startS3(): Promise<S3Server> {
  const binary = s3Server();
  if (binary === undefined) throw new Error('There is no versitygw on the PATH.');
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryDirectory());
  const [objects, versions] = [join(path, 'objects'), join(path, 'versions')];
  await mkdir(objects);
  await mkdir(versions);
  Object.assign(process.env, KEYS, { AWS_REGION: 'us-east-1' });
  const port = await freePort();
  const child = launch(binary, [
    '--quiet',
    '--port',
    `127.0.0.1:${port}`,
    'posix',
    '--versioning-dir',
    versions,
    objects,
  ]);
  stack.use(child);
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 });
  stack.defer(() => client.destroy());
  await eventually(async () => {
    await client.send(new ListBucketsCommand({}));
  });
  const owned = stack.move();
  return {
    endpoint,
    port,
    async bucket(name, versioned = true) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
      if (versioned)
        await client.send(
          new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Enabled' } }),
        );
      return `s3://${name}/archive?endpoint=${endpoint}&region=us-east-1&path-style=true`;
    },
    pathOf: (bucket, key) => join(objects, bucket, 'archive', key),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function launch(binary: string, args: readonly string[]): AsyncDisposable & { readonly child: ChildProcess } {
  const env = { ...process.env, ROOT_ACCESS_KEY: KEYS.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: KEYS.AWS_SECRET_ACCESS_KEY };
  const child = spawn(binary, [...args], { env, stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    child,
    [Symbol.asyncDispose]: async () => {
      process.off('exit', kill);
      kill();
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port was given.');
  return address.port;
}
