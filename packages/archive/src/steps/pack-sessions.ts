import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { SessionId } from '@phaselock/core';
import {
  type ArchiveClaim,
  type LogOfSession,
  type Manifest,
  readContents,
  readLogPage,
  readShortLogs,
  type SessionContents,
} from '@phaselock/store';
import { objectKey } from '../format/object-key.ts';
import { type Packed, packParts, packText } from '../format/pack.ts';
import { documentInParts, documentOf } from '../format/write-document.ts';
import type { ArchiveContext } from './archive-context.ts';

/** A document ready to be written, and its manifest (the record of the archive in the database). */
export type PackedSession = {
  readonly body: Packed;
  readonly manifest: Omit<Manifest, 'objectVersion'>;
};

/** The copy number for each session's object key. */
type Copies = ReadonlyMap<SessionId, number>;

/** Logs up to this size are read together and their documents are built in memory. */
const SHORT_LOG_BYTES = 1024 * 1024;
/** Limit for all short logs in memory at once. */
const ROOM_BYTES = 8 * 1024 * 1024;
const PAGE_BYTES = 1024 * 1024;
const PAGE_LINES = 2_000;

export async function packSessions(ctx: ArchiveContext, claims: readonly ArchiveClaim[]): Promise<PackedSession[]> {
  const copies: Copies = new Map(claims.map(({ sessionId, copy }) => [sessionId, copy]));
  const contents = await readContents(ctx.database.kysely, [...copies.keys()]);
  const packed: PackedSession[] = [];
  await using onFailure = new AsyncDisposableStack();
  for (const group of groupsThatFit(contents)) {
    const some =
      group.length === 1 && isLong(group[0]) ? await packLong(ctx, group, copies) : await packShort(ctx, group, copies);
    for (const one of some) onFailure.use(one.body);
    packed.push(...some);
  }
  onFailure.move();
  return packed;
}

const isLong = (one: SessionContents | undefined): boolean => (one?.logSize.bytes ?? 0) > SHORT_LOG_BYTES;

/** Yields each session with a long log alone, and groups the others up to the memory limit. */
function* groupsThatFit(contents: readonly SessionContents[]): Generator<readonly SessionContents[]> {
  let group: SessionContents[] = [];
  let bytes = 0;
  for (const one of contents) {
    if (isLong(one)) {
      yield [one];
      continue;
    }
    if (bytes + one.logSize.bytes > ROOM_BYTES) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(one);
    bytes += one.logSize.bytes;
  }
  if (group.length > 0) yield group;
}

async function packShort(
  { database }: ArchiveContext,
  group: readonly SessionContents[],
  copies: Copies,
): Promise<PackedSession[]> {
  const withLogs = group.filter(({ logSize }) => logSize.lines > 0).map(({ session }) => session.id);
  const logs = await readShortLogs(database.kysely, withLogs);
  return await Promise.all(
    group.map(async (one) => {
      const lines = logs.get(one.session.id) ?? [];
      return described(one, await packText(documentOf(one, lines)), lines.length, copies);
    }),
  );
}

async function packLong(
  ctx: ArchiveContext,
  group: readonly SessionContents[],
  copies: Copies,
): Promise<PackedSession[]> {
  const packed: PackedSession[] = [];
  for (const one of group) {
    let lines = 0;
    const pages = async function* (): AsyncGenerator<LogOfSession[]> {
      for await (const page of logPages(ctx, one)) {
        lines += page.length;
        yield page;
      }
    };
    const body = await packParts(documentInParts(one, pages()), join(ctx.scratch, `${randomUUID()}.json.gz`));
    packed.push(described(one, body, lines, copies));
  }
  return packed;
}

async function* logPages({ database }: ArchiveContext, one: SessionContents): AsyncGenerator<LogOfSession[]> {
  const { session, logSize } = one;
  for (let after = 0; after < logSize.lastId; ) {
    const wanted = { after, upTo: logSize.lastId, limit: PAGE_LINES, maxBytes: PAGE_BYTES };
    const page = await readLogPage(database.kysely, session.id, wanted);
    yield page;
    after = page.at(-1)?.id ?? logSize.lastId;
  }
}

const described = (one: SessionContents, body: Packed, logs: number, copies: Copies): PackedSession => ({
  body,
  manifest: {
    sessionId: one.session.id,
    version: one.session.version,
    objectKey: objectKey(one.session, body.sha256, copies.get(one.session.id) ?? 0),
    sha256: body.sha256,
    bytes: body.bytes,
    counts: { processes: one.processes.length, events: one.events.length, logs, feedback: one.feedback.length },
  },
});
