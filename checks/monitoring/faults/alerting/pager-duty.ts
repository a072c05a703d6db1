import { z } from 'zod';
import { type Answer, listenForJson } from './listen.ts';

const trigger = z.looseObject({
  event_action: z.literal('trigger'),
  routing_key: z.string().min(1),
  dedup_key: z.string().min(1).max(255),
  payload: z.looseObject({
    summary: z.string().min(1).max(1024),
    source: z.string().min(1),
    severity: z.enum(['critical', 'error', 'warning', 'info']),
    // Optional for PagerDuty, required here: the name of the alert, and the text for the on-call engineer.
    class: z.string().min(1),
    custom_details: z.looseObject({ firing: z.string().min(1) }),
  }),
});

/** The body of a request to the Events API v2, as PagerDuty documents it. A resolve needs no payload. */
const event = z.discriminatedUnion('event_action', [
  trigger,
  z.looseObject({
    event_action: z.literal('resolve'),
    routing_key: z.string().min(1),
    dedup_key: z.string().min(1).max(255),
  }),
]);
type Trigger = z.infer<typeof trigger>;

/** What was received under one dedup_key. */
type Incident = {
  readonly key: string;
  /** How often a trigger was refused with 429: the first trigger, and the first after each resolve. */
  readonly turnedAway: number;
  readonly triggers: readonly Trigger[];
  readonly isOpen: boolean;
  /** How often the incident was resolved. */
  readonly resolves: number;
};

export type PagerDuty = AsyncDisposable & {
  readonly url: string;
  incidents(): readonly Incident[];
  /** Why requests were refused with 400. */
  mistakes(): readonly string[];
};

type Kept = { turnedAway: number; triggers: Trigger[]; isOpen: boolean; resolves: number };

const ENQUEUE = '/v2/enqueue';

/** Imitates PagerDuty's Events API v2 under rate limiting: 429 for the first trigger of every incident, then 202. */
export async function openPagerDuty(routingKey: string): Promise<PagerDuty> {
  const kept = new Map<string, Kept>();
  const mistakes: string[] = [];

  const refuse = (why: string): Answer => {
    mistakes.push(why);
    return { status: 400, body: { status: 'invalid event', message: 'Event object is invalid', errors: [why] } };
  };
  const take = (body: unknown, { url }: { readonly url?: string | undefined }): Answer => {
    if (url !== ENQUEUE) return refuse(`sent to ${url}`);
    const parsed = event.safeParse(body);
    if (!parsed.success) return refuse(parsed.error.message);
    const { data: told } = parsed;
    if (told.routing_key !== routingKey) return refuse('another routing_key');
    const incident = kept.get(told.dedup_key) ?? { turnedAway: 0, triggers: [], isOpen: false, resolves: 0 };
    kept.set(told.dedup_key, incident);
    if (told.event_action === 'trigger' && !incident.isOpen && incident.turnedAway === incident.resolves) {
      incident.turnedAway += 1;
      return { status: 429, body: { status: 'throttle exceeded', message: 'Too many requests', errors: [] } };
    }
    if (told.event_action === 'trigger') {
      incident.triggers.push(told);
      incident.isOpen = true;
    } else {
      if (incident.isOpen) incident.resolves += 1;
      incident.isOpen = false;
    }
    return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: told.dedup_key } };
  };

  const server = await listenForJson(take);
  return {
    url: `${server.url}${ENQUEUE}`,
    incidents: () => [...kept].map(([key, incident]) => ({ key, ...incident })),
    mistakes: () => mistakes,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
