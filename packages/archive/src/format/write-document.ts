import type { LogOfSession, SessionContents } from '@phaselock/store';
import { archivedEvent, archivedFeedback, archivedLog, archivedProcess, archivedSession } from './archived-views.ts';
import { SCHEMA_VERSION } from './session-archive.ts';

/** The document up to the log lines. */
function head({ session, processes, events, feedback }: SessionContents): string {
  const known = {
    format: 'phaselock-session-archive',
    schemaVersion: SCHEMA_VERSION,
    session: archivedSession(session),
    processes: processes.map(archivedProcess),
    events: events.map(archivedEvent),
    feedback: feedback.map(archivedFeedback),
  };
  return `${JSON.stringify(known).slice(0, -1)},"logs":[`;
}

const TAIL = ']}\n';

export function documentOf(contents: SessionContents, logs: readonly LogOfSession[]): string {
  return `${head(contents)}${logs.map((log) => JSON.stringify(archivedLog(log))).join(',')}${TAIL}`;
}

/** Produces the same bytes page by page, for a log that does not fit into memory. */
export async function* documentInParts(
  contents: SessionContents,
  pages: AsyncIterable<readonly LogOfSession[]>,
): AsyncGenerator<string> {
  yield head(contents);
  let first = true;
  for await (const page of pages) {
    const lines = page.map((log) => JSON.stringify(archivedLog(log))).join(',');
    if (lines === '') continue;
    yield first ? lines : `,${lines}`;
    first = false;
  }
  yield TAIL;
}
