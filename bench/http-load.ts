import autocannon from 'autocannon';
import type { Operation } from './measure.ts';
import type { Measured } from './scenario.ts';

type Answer = { readonly status: number; readonly body: string };

/** The requests of one connection, and the check of their responses. */
export type HttpClient = {
  next(): { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: string };
  /** False if this response does not count as a measured operation. */
  answered(answer: Answer): boolean;
};

type Target = { readonly url: string; readonly key?: string; readonly client: (index: number) => HttpClient };

const SERVER_ERROR = 500;

/** A load of keep-alive connections, one request at a time on each, against a server in another process. */
export const httpLoad = ({ url, key, client }: Target): Exclude<Measured, Operation> => ({
  run: async (connections, seconds) => {
    let opened = 0;
    let counted = 0;
    let failed: Answer | undefined;
    const result = await autocannon({
      url,
      connections,
      duration: seconds,
      headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
      setupClient: (connection) => {
        const mine = client(opened);
        opened += 1;
        connection.setRequests([
          {
            setupRequest: (request) => ({ ...request, ...mine.next() }),
            onResponse: (status, body) => {
              if (mine.answered({ status, body })) counted += 1;
              else if (status >= SERVER_ERROR) failed = { status, body };
            },
          },
        ]);
      },
    });
    if (failed !== undefined || result.errors > 0)
      throw new Error(`${result.errors} requests failed; ${failed?.status} ${failed?.body}`);
    return { opsPerSecond: counted / result.duration, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
  },
});
