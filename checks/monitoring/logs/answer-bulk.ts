import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/** The answer of an index to one document of a bulk request. */
export type BulkAnswer = {
  readonly status: number;
  readonly error?: { readonly type: string; readonly reason: string };
};

export type BulkServer = AsyncDisposable & {
  readonly port: number;
  /** Every document that was sent, in order, with its id and the status returned for it. */
  readonly sent: readonly { readonly id: string; readonly document: unknown; readonly status: number }[];
};

/** Imitates an index. `answer` decides on each document of a bulk request, by how often it was sent before. */
export async function answerBulks(
  answer: (document: Readonly<Record<string, unknown>>, times: number) => BulkAnswer,
): Promise<BulkServer> {
  const sent: { id: string; document: unknown; status: number }[] = [];
  const server = createServer(async (request, response) => {
    response.setHeader('Content-Type', 'application/json');
    if (request.method !== 'POST') return void response.end('{}');
    const rows = (await text(request)).split('\n').filter(Boolean);
    const items = Array.from({ length: rows.length / 2 }, (_, row) => {
      const { create } = JSON.parse(rows[2 * row] ?? '{}');
      const document = JSON.parse(rows[2 * row + 1] ?? '{}');
      const said = answer(document, sent.filter(({ id }) => id === create._id).length);
      sent.push({ id: create._id, document, status: said.status });
      return { create: { _index: create._index, _id: create._id, ...said } };
    });
    response.end(JSON.stringify({ took: 1, errors: items.some(({ create }) => create.status > 201), items }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    sent,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
