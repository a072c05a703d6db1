import { valueAt } from './value-at.ts';

type Part = { readonly kind: string; readonly fields: Readonly<Record<string, unknown>> };
type Reported = { readonly id: unknown; readonly seq: number; readonly conversation: unknown };

const USAGE = ['inputTokens', 'outputTokens', 'turns', 'costUsdMicros'] as const;
/** The service books no more than this on a session. */
const MOST_BOOKED = Number.MAX_SAFE_INTEGER;

/**
 * Compares the session of a document with its processes there, as SV305, SV402 and SV406 do in the database. The events
 * of a purged session record the usage and the conversation of each process, but not those of the session.
 */
export function compareWithProcesses() {
  let session: Part['fields'] = {};
  const booked = new Map<string, number>(USAGE.map((total) => [total, 0]));
  const reported: Reported[] = [];
  const started = new Map<unknown, number>();
  const finished = new Map<unknown, number>();

  const usageDiffers = (): readonly string[] =>
    USAGE.flatMap((total) => {
      const [has, sum] = [valueAt(session, `usage.${total}`), Math.min(MOST_BOOKED, booked.get(total) ?? 0)];
      return has === sum ? [] : [`has usage.${total} ${has} instead of the ${sum} of its processes`];
    });

  const conversationDiffers = (): readonly string[] => {
    const named = session.agentSessionId;
    const newest = reported.reduce<Reported | undefined>(
      (before, one) => (before === undefined || one.seq > before.seq ? one : before),
      undefined,
    );
    if (named === (newest?.conversation ?? null)) return [];
    // Old releases accepted the conversation of a process that ended after the next one had started.
    const late = reported.some(
      ({ id, conversation }) =>
        conversation === named && (finished.get(id) ?? -1) > (started.get(newest?.id) ?? Number.POSITIVE_INFINITY),
    );
    return late ? [] : ['has an agentSessionId that its processes did not report last'];
  };

  return {
    take({ kind, fields }: Part): void {
      if (kind === 'session') session = fields;
      if (kind === 'process') {
        for (const [total, sum] of booked) booked.set(total, sum + Number(valueAt(fields, `usage.${total}`)));
        const { id, seq, agentSessionId: conversation } = fields;
        if (conversation !== null) reported.push({ id, seq: Number(seq), conversation });
      }
      if (kind !== 'event') return;
      const process = valueAt(fields, 'detail.process_id');
      if (fields.type === 'turn-started') started.set(process, Number(fields.id));
      if (fields.type === 'turn-finished') finished.set(process, Number(fields.id));
    },
    differences: (): readonly string[] => [...usageDiffers(), ...conversationDiffers()],
  };
}
