import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { eventually, freePort, temporaryDirectory } from '@phaselock/testkit';
import { ownProcess } from './own-process.ts';

const START = resolve(import.meta.dirname, 'opensearch/Start.java');
/** Long, because OpenSearch may start on two cores while all other tests run. */
const START_MS = 240_000;

export type OpenSearch = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** Sends a request and returns the status and the JSON body of the answer. */
  ask(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
};

/** Starts an empty single-node OpenSearch on loopback, with a temporary folder. */
export async function openOpenSearch(jars: string): Promise<OpenSearch> {
  await using resources = new AsyncDisposableStack();
  const { path } = resources.use(await temporaryDirectory());
  const port = await freePort();
  const output = join(path, 'output.txt');
  const args = [
    '-Xms256m',
    '-Xmx512m',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    `${jars}/*`,
    START,
    join(path, 'node'),
    String(port),
  ];
  const java = resources.use(ownProcess('java', { args, output }));
  const url = `http://127.0.0.1:${port}`;
  const ask: OpenSearch['ask'] = async (method, asked, body) => {
    const response = await fetch(`${url}/${asked}`, {
      method,
      ...(body !== undefined && {
        headers: { 'Content-Type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    });
    return { status: response.status, body: await response.json() };
  };
  await eventually(
    async () => {
      if (!java.running()) throw new Error(await readFile(output, 'utf8'));
      return (await ask('GET', '_cluster/health')).status === 200;
    },
    { withinMs: START_MS, everyMs: 250 },
  );
  const owned = resources.move();
  return { url, port, ask, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
