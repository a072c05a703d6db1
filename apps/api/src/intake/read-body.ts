import type { IncomingMessage } from 'node:http';
import { PhaselockError } from '@phaselock/core';

type Bounds = { readonly maxBytes: number };

/**
 * The text of a body within its bound. Nothing is unpacked, so a small body cannot become a large one; and what is too large is not read
 * to its end.
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

function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const data = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > maxBytes) {
      request.off('data', data);
      request.pause();
      reject(tooLarge(maxBytes));
    } else chunks.push(chunk);
  };
  const gone = (): void => reject(new PhaselockError('request_aborted'));
  request.on('data', data);
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('error', gone);
  request.once('close', gone);
  if (request.destroyed) gone();
  return promise;
}
