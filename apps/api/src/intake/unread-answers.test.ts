import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { eventually } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { unreadAnswers } from './unread-answers.ts';

const BOUND = 4_000_000;

/** A client that sends one request and reads nothing, with the response of the server. */
async function unreadAnswer(text: string) {
  await using stack = new AsyncDisposableStack();
  const answered = Promise.withResolvers<ServerResponse>();
  const server = createServer((_request, response) => {
    response.end(text);
    answered.resolve(response);
  });
  server.listen(0, '127.0.0.1');
  stack.defer(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
  stack.defer(() => void socket.destroy());
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const response = await answered.promise;
  const owned = stack.move();
  return { socket, response, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const LONG = 'x'.repeat(BOUND * 4);

test.each([
  ['reads it', (socket: { resume(): unknown }) => socket.resume()],
  ['leaves', (socket: { destroy(): unknown }) => socket.destroy()],
])('a caller with too many unread bytes is refused, and other callers are not, until it %s', async (_, end) => {
  const unread = unreadAnswers(BOUND);
  await using answer = await unreadAnswer(LONG);
  unread.written('one', answer.response);
  expect(() => unread.demandRead('one')).toThrow(
    expect.objectContaining({ code: 'too_many_open_answers', retryAfterMs: 5_000 }),
  );
  expect(() => unread.demandRead('another')).not.toThrow();
  end(answer.socket);
  await eventually(() => unread.demandRead('one'));
});

test('a caller with few unread bytes is not refused', async () => {
  const unread = unreadAnswers(BOUND);
  await using answer = await unreadAnswer('short');
  unread.written('one', answer.response);
  expect(() => unread.demandRead('one')).not.toThrow();
});
