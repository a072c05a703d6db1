import type { ServerResponse } from 'node:http';
import type { SessionId } from '@phaselock/core';
import type { ExportedPart } from '@phaselock/guard';
import { STREAMED, type Streamed } from '../server/handle.ts';
import type { WriteTaken } from '../server/write-taken.ts';
import { eventView, logView, processView } from '../views/history-view.ts';
import { sessionView } from '../views/session-view.ts';

type Download = {
  readonly sessionId: SessionId;
  readonly format: 'json' | 'ndjson';
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  readonly write: WriteTaken;
};

const MEDIA_TYPES = { json: 'application/json; charset=utf-8', ndjson: 'application/x-ndjson; charset=utf-8' } as const;

/** Sends part by part, no faster than the client reads, so a log of any length needs bounded memory. */
export async function sendExport(
  parts: AsyncIterable<ExportedPart>,
  { sessionId, format, response, signal, write }: Download,
): Promise<Streamed> {
  const texts = format === 'json' ? asDocument(parts) : asLines(parts);
  for await (const text of texts) {
    // The first part shows that the session exists. Until then the answer can still be a problem document.
    if (!response.headersSent) {
      response.writeHead(200, {
        'Content-Type': MEDIA_TYPES[format],
        'Content-Disposition': `attachment; filename="session-${sessionId}.${format}"`,
        'Cache-Control': 'no-store',
      });
    }
    await write(response, text, signal);
    if (signal.aborted) return STREAMED;
  }
  response.end();
  return STREAMED;
}

async function* asLines(parts: AsyncIterable<ExportedPart>): AsyncGenerator<string> {
  for await (const part of parts) yield `${JSON.stringify({ kind: part.kind, [part.kind]: viewOf(part) })}\n`;
}

const SECTIONS = ['process', 'event', 'log'] as const;
const SECTION_NAMES = { process: 'processes', event: 'events', log: 'logs' } as const;

/** Joins the parts into one JSON document. They arrive in the order of its sections. */
async function* asDocument(parts: AsyncIterable<ExportedPart>): AsyncGenerator<string> {
  let open = -1;
  let first = true;
  for await (const part of parts) {
    if (part.kind === 'session') {
      yield `{"session":${JSON.stringify(viewOf(part))}`;
      continue;
    }
    const section = SECTIONS.indexOf(part.kind);
    while (open < section) {
      yield `${open < 0 ? '' : ']'},"${nameOf(open + 1)}":[`;
      open += 1;
      first = true;
    }
    yield `${first ? '' : ','}${JSON.stringify(viewOf(part))}`;
    first = false;
  }
  for (; open < SECTIONS.length - 1; open += 1) yield `${open < 0 ? '' : ']'},"${nameOf(open + 1)}":[`;
  yield ']}\n';
}

function nameOf(index: number): string {
  const section = SECTIONS[index];
  return section === undefined ? '' : SECTION_NAMES[section];
}

function viewOf(part: ExportedPart): unknown {
  switch (part.kind) {
    case 'session':
      return sessionView(part.session);
    case 'process':
      return processView(part.process);
    case 'event':
      return eventView(part.event);
    case 'log':
      return logView(part.log);
  }
}
