import { Agent, request } from 'node:http';

class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/**
 * A `fetch` with keep-alive connections and less overhead. Rejects a truncated response, and a response that takes
 * longer than the time-out.
 */
export function createPatientFetch(patienceMs: number): typeof fetch & { close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000, maxFreeSockets: 64 });
  const send = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { method = 'GET', headers, body } = init;
      const sent = request(String(input), { method, headers: { ...plain(headers) }, agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', fail);
        answer.once('close', () => {
          if (!answer.complete) fail(new Error('the response was cut off'));
        });
        answer.once('end', () => {
          clearTimeout(patience);
          const { statusCode: status = 0 } = answer;
          const empty = status === 204 || status === 304;
          const told = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
          resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: told }));
        });
      });
      const fail = (error: Error) => {
        clearTimeout(patience);
        reject(error);
      };
      const patience = setTimeout(() => {
        sent.destroy(new GivenUp(`no response within ${patienceMs} ms`));
      }, patienceMs);
      sent.once('error', fail);
      sent.end(typeof body === 'string' ? body : undefined);
    });
  return Object.assign(send, { close: () => agent.destroy() });
}

function plain(headers: RequestInit['headers']): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}
