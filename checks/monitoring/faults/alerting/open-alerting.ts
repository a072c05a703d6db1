import { cp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { alertRules, recordingRules } from '@phaselock/monitoring';
import { readStages } from '@phaselock/rollout';
import { startAlertmanager } from '@phaselock/testkit';
import { z } from 'zod';
import { leastEvents, pace } from '../pace.ts';
import { openPagerDuty } from './pager-duty.ts';
import { type Prometheus, startPrometheus } from './start-prometheus.ts';
import { type AlertId, type AlertWatch, alertIdOf, type Ears, watchAlerts } from './watch-alerts.ts';
import { openWebhook } from './webhook.ts';
import { withLocalReceivers } from './with-local-receivers.ts';

const OPS = resolve(import.meta.dirname, '../../../../ops');

const held = z.array(
  z.looseObject({
    labels: z.record(z.string(), z.string()),
    status: z.looseObject({ inhibitedBy: z.array(z.string()) }),
  }),
);

export type Alerting = AsyncDisposable & {
  readonly prometheus: Prometheus;
  readonly ears: Ears;
  readonly watch: AlertWatch;
  /** Alerts for which Alertmanager sends no notification, because another alert inhibits them. */
  inhibited(): Promise<ReadonlySet<AlertId>>;
};

type AlertingOptions = {
  readonly folder: string;
  readonly targetsFile: string;
  readonly scrapeKey: string;
  readonly now: () => number;
};

/**
 * Starts Prometheus with the rules at a shorter pace, Alertmanager with the committed routes, and listeners that record
 * the notifications.
 */
export async function openAlerting({ folder, targetsFile, scrapeKey, now }: AlertingOptions): Promise<Alerting> {
  await using resources = new AsyncDisposableStack();
  const routingKey = crypto.randomUUID().replaceAll('-', '');
  const pagerDuty = resources.use(await openPagerDuty(routingKey));
  const token = crypto.randomUUID();
  const tickets = resources.use(await openWebhook(token));
  const deadMansSwitch = resources.use(await openWebhook(token));
  const routes = await withLocalReceivers(await readFile(join(OPS, 'alertmanager/alertmanager.yml'), 'utf8'), folder, {
    pagerDuty: { url: pagerDuty.url, routingKey },
    tickets: { url: tickets.url, token },
    deadMansSwitch: { url: deadMansSwitch.url, token },
  });
  const config = join(folder, 'alertmanager.yml');
  await writeFile(config, routes);
  // The configuration names the templates by a path relative to its folder.
  await cp(join(OPS, 'alertmanager/templates'), join(folder, 'templates'), { recursive: true });
  const alertmanager = resources.use(await startAlertmanager({ config }));
  const stages = readStages(await readFile(join(OPS, 'rollout/stages.yml'), 'utf8'));
  const options = { stages, pace, leastEvents };
  const prometheus = resources.use(
    await startPrometheus({
      folder,
      rules: [recordingRules(options), alertRules(options)],
      targetsFile,
      scrapeKey,
      alertmanager: new URL(alertmanager.url).host,
    }),
  );
  const ears = { pagerDuty, tickets, deadMansSwitch };
  const watch = resources.use(watchAlerts(prometheus, ears, now));
  const owned = resources.move();
  const inhibited = async (): Promise<ReadonlySet<AlertId>> => {
    const alerts = held.parse(await alertmanager.ask('/api/v2/alerts'));
    return new Set(
      alerts.flatMap(({ labels, status }) => (status.inhibitedBy.length === 0 ? [] : [alertIdOf(labels)])),
    );
  };
  return { prometheus, ears, watch, inhibited, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
