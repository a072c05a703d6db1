import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { parseGeneration, parseProjectId, parseSessionId, parseTaskId } from '@phaselock/core';
import type { Change } from '@phaselock/store';
import { eventually } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { LOCAL } from '../access/caller.ts';
import { longAnswers } from '../intake/long-answers.ts';
import { changeStreams } from './change-streams.ts';

const ID = '01936f6e-0000-7000-8000-000000000001';
const known = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error('not an id');
  return value;
};
const taskId = known(parseTaskId(ID));
const A_LARGE_CHANGE: Change = {
  place: { tx: 1n, id: 1 },
  projectId: known(parseProjectId(ID)),
  taskId,
  phase: 'run',
  mode: 'standard',
  sessionId: known(parseSessionId(ID)),
  type: 'created',
  reason: null,
  generation: known(parseGeneration(1)),
  predecessorId: null,
  actor: 'x'.repeat(100_000),
  at: new Date(0),
};

/** Opens one change stream over a socket; the test supplies its changes. */
async function aStream(beforeIt: (response: ServerResponse, socket: Socket) => Promise<void> = async () => {}) {
  await using stack = new AsyncDisposableStack();
  const denied = new AbortController();
  const feed: { change: (change: Change) => void } = { change: () => undefined };
  const bound = { total: 10, perCaller: 10 };
  const places = longAnswers({ changes: bound, download: bound }, () => undefined);
  const streams = changeStreams(
    {
      subscribe: (_filter, _after, listener) => {
        feed.change = (change) => listener.change(change);
        return () => undefined;
      },
      [Symbol.asyncDispose]: async () => undefined,
    },
    { places, cut: () => undefined },
  );
  const answered = Promise.withResolvers<ServerResponse>();
  const server = createServer(async (request, response) => {
    await beforeIt(response, socket);
    void streams.stream(
      { kind: 'task', taskId },
      { caller: LOCAL, request, response, whenDenied: () => denied.signal },
    );
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
  return {
    open: () => places.open('changes'),
    feed,
    denied,
    response,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('a client that has lost its access and does not read is cut', async () => {
  await using stream = await aStream();
  // Sends single changes until the socket buffers are full, but not so many that the client is cut for them.
  await eventually(() => {
    if (stream.response.writableLength > 200_000) return true;
    stream.feed.change(A_LARGE_CHANGE);
    return false;
  });
  expect(stream.open()).toBe(1);
  stream.denied.abort();
  await eventually(() => expect(stream.open()).toBe(0));
  expect(stream.response.writableFinished).toBe(false);
});

test('a client that left before its stream began is not counted as an open stream', async () => {
  await using stream = await aStream(async (response, socket) => {
    socket.destroy();
    await once(response, 'close');
  });
  expect(stream.open()).toBe(0);
});
