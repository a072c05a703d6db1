import { createServer } from 'node:http';
import { createClient } from '@phaselock/contract';
import { freePort } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { readPlaces, settleStreams } from './settle-streams.ts';

/** A server that sends only the head of a stream, or no response at all, as when the database is frozen. */
async function stuckService(answers: boolean) {
  const server = createServer((_, response) => {
    if (answers) response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
  });
  const port = await freePort();
  const listening = Promise.withResolvers<void>();
  server.listen(port, '127.0.0.1', listening.resolve);
  await listening.promise;
  return {
    client: createClient({ baseUrl: `http://127.0.0.1:${port}`, key: 'k' }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

test('readPlaces fails if the stream gets no response', async () => {
  await using service = await stuckService(false);
  await expect(readPlaces(service.client, 'a-project', 100)).rejects.toThrow('no end of the changes of a-project');
});

test('settleStreams reports an incomplete read when a follower is beyond its end', { timeout: 20_000 }, async () => {
  await using service = await stuckService(true);
  const follower = { project: 'a-project', last: () => '7-0' };
  const { unsettled } = await settleStreams(service.client, [follower], 0);
  expect(unsettled).toHaveLength(1);
  expect(unsettled[0]).toContain('could not be read to their end');
  expect(unsettled[0]).not.toContain('the last change is');
});
