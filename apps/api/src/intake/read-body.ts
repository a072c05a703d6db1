import type { IncomingMessage } from 'node:http';
import { PhaselockError } from '@phaselock/core';

type Bounds = { readonly maxBytes: number };

/**
 * Reads the text of a body up to its bound and stops reading there. Compressed bodies are refused, so a small body
 * cannot become a large one.
 */
export async function readBody(request: IncomingMessage, { maxBytes }: Bounds): Promise<string> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new PhaselockError('unsupported_media_type', { detail: 'Content-Encoding must be identity' });
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const bytes = await collect(request, maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new PhaselockError('invalid_request', { detail: 'body: not valid UTF-8' });
  }
}

const tooLarge = (maxBytes: number): PhaselockError =>
  new PhaselockError('payload_too_large', { detail: `at most ${maxBytes} bytes` });

const tooManyChunks = (): PhaselockError =>
  new PhaselockError('payload_too_large', {
    detail: `at most ${MOST_SMALL_CHUNKS} chunks of fewer than ${SMALL_BYTES} bytes`,
  });

/**
 * Each chunk costs as much time as some hundred bytes do, so a body in one-byte chunks would take seconds. Log lines
 * that are sent one by one stay below this number.
 */
const MOST_SMALL_CHUNKS = 10_000;
const SMALL_BYTES = 64;

function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  let small = 0;
  // Node closes a request that was read to its end as well, so a listener that stays would make an error for each one.
  const stopListening = (): void => {
    request.off('data', data);
    request.off('end', ended);
    request.off('error', gone);
    request.off('close', gone);
  };
  const refuse = (problem: PhaselockError): void => {
    stopListening();
    request.pause();
    reject(problem);
  };
  const data = (chunk: Buffer): void => {
    size += chunk.length;
    if (chunk.length < SMALL_BYTES) small += 1;
    if (size > maxBytes) refuse(tooLarge(maxBytes));
    else if (small > MOST_SMALL_CHUNKS) refuse(tooManyChunks());
    else chunks.push(chunk);
  };
  const ended = (): void => {
    stopListening();
    resolve(Buffer.concat(chunks));
  };
  const gone = (): void => {
    stopListening();
    reject(new PhaselockError('request_aborted'));
  };
  request.on('data', data);
  request.on('end', ended);
  request.on('error', gone);
  request.on('close', gone);
  if (request.destroyed) gone();
  return promise;
}
