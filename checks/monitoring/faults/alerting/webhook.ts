import { z } from 'zod';
import { listenForJson } from './listen.ts';

/** The fields of an Alertmanager notification that the checks use. */
const notification = z.looseObject({
  groupKey: z.string(),
  receiver: z.string(),
  status: z.enum(['firing', 'resolved']),
  alerts: z.array(
    z.looseObject({
      status: z.enum(['firing', 'resolved']),
      fingerprint: z.string(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});
type Notification = z.infer<typeof notification>;

export type TakenAlert = Notification['alerts'][number] & { readonly groupKey: string };

export type Webhook = AsyncDisposable & {
  readonly url: string;
  /** Every alert of every notification, in the order they came. */
  taken(): readonly TakenAlert[];
  mistakes(): readonly string[];
};

/** Stands in for the ticket system or the dead man's switch. It accepts JSON from clients that send its token. */
export async function openWebhook(token: string): Promise<Webhook> {
  const taken: TakenAlert[] = [];
  const mistakes: string[] = [];
  const server = await listenForJson((body, { headers }) => {
    if (headers.authorization !== `Bearer ${token}`) {
      mistakes.push('a webhook was called without its token');
      return { status: 401, body: {} };
    }
    const parsed = notification.safeParse(body);
    if (!parsed.success) {
      mistakes.push(parsed.error.message);
      return { status: 400, body: {} };
    }
    const { groupKey, alerts } = parsed.data;
    taken.push(...alerts.map((alert) => ({ ...alert, groupKey })));
    return { status: 200, body: {} };
  });
  return {
    url: `${server.url}/`,
    taken: () => taken,
    mistakes: () => mistakes,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
