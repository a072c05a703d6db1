import type { Whole } from '../../chaos/clients/session-operations.ts';
import type { NamedSending } from './speaker.ts';

/** A feedback request with a good or bad rating. */
export const rate = (
  key: string,
  { slot, session, generation }: Whole,
  comment: string,
  good: boolean,
): NamedSending => ({
  name: 'feedback',
  kind: 'feedback',
  route: 'giveFeedback',
  key,
  ...(slot !== undefined && { slot }),
  session,
  generation,
  asked: { comment },
  send: async (client) => {
    const body = { rating: good ? ('good' as const) : ('bad' as const), comment };
    await client.giveFeedback({ params: { sessionId: session }, body, idempotencyKey: key });
    return {};
  },
});
