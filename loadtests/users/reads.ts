import { latest, latestOfMany, listSessions, read, type Whole } from '../../chaos/clients/session-operations.ts';
import type { NamedSending } from './speaker.ts';

/** Prepared read requests. Each has the operation name under which reports show it. */

export const lookup = (task: string, phase: string): NamedSending => ({ ...latest(task, phase), name: 'lookup' });

export const lookupMany = (tasks: readonly string[]): NamedSending => ({
  ...latestOfMany([...tasks]),
  name: 'lookup-many',
});

export const list = (task: string): NamedSending => ({ ...listSessions(task, false), name: 'list' });

export const readSession = (whole: Whole): NamedSending => ({ ...read(whole), name: 'read-session' });

/** Exports a session as NDJSON. */
export const exported = (session: string): NamedSending => ({
  name: 'export',
  kind: 'look',
  route: 'exportSession',
  send: async (client) => {
    await client.exportSession({ params: { sessionId: session }, query: { format: 'ndjson' } });
    return {};
  },
});
