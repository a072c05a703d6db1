import { once } from 'node:events';
import { createServer } from 'node:http';
import { type Answer, replayPrometheus } from '@phaselock/rollout';
import { type World, worldLines } from '../../../packages/rollout/test/synthetic-world.ts';

export type ServedWorld = AsyncDisposable & { readonly url: string };

/** An HTTP server that answers like Prometheus, with synthetic samples. */
export async function serveWorld(world: World): Promise<ServedWorld> {
  const prometheus = replayPrometheus(worldLines(world));
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const asked = new URLSearchParams(Buffer.concat(parts).toString('utf8'));
    const at = Number(asked.get('time')) * 1_000;
    const query = asked.get('query') ?? '';
    const [, selector = '', range] = /^(.*)\[(\d+)ms\]$/.exec(query) ?? [];
    const answer =
      range === undefined
        ? await prometheus.instant(query, at)
        : await prometheus.raw(selector, at - Number(range), at);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(bodyOf(answer, range === undefined)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function bodyOf(answer: Answer, instant: boolean) {
  if (answer.kind === 'refused') return { status: 'error', errorType: answer.why, error: answer.detail };
  const result = answer.series.map(({ labels, samples }) => {
    const values = samples.map(({ at, value }) => [at / 1_000, String(value)]);
    return instant ? { metric: labels, value: values.at(-1) } : { metric: labels, values };
  });
  return { status: 'success', data: { resultType: instant ? 'vector' : 'matrix', result } };
}
