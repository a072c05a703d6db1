import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { alertRules, recordingRules } from '@phaselock/monitoring';
import { readStages } from '@phaselock/rollout';
import { freePort } from '@phaselock/testkit';
import { leastEvents, pace } from '../pace.ts';
import { openPagerDuty } from './pager-duty.ts';
import { startAlertmanager } from './start-alertmanager.ts';
import { type Prometheus, startPrometheus } from './start-prometheus.ts';
import { type AlertWatch, type Ears, watchAlerts } from './watch-alerts.ts';
import { openWebhook } from './webhook.ts';
import { withLocalReceivers } from './with-local-receivers.ts';

const OPS = resolve(import.meta.dirname, '../../../../ops');

export type Alerting = AsyncDisposable & {
  readonly prometheus: Prometheus;
  readonly ears: Ears;
  readonly watch: AlertWatch;
};

type AlertingOptions = { readonly folder: string; readonly targetsFile: string; readonly now: () => number };

/** From the rules, at a pace, by way of Alertmanager with the committed routes, to listeners that note what they are told. */
export async function openAlerting({ folder, targetsFile, now }: AlertingOptions): Promise<Alerting> {
  await using resources = new AsyncDisposableStack();
  const routingKey = crypto.randomUUID().replaceAll('-', '');
  const pagerDuty = resources.use(await openPagerDuty(routingKey));
  const tickets = resources.use(await openWebhook());
  const deadMansSwitch = resources.use(await openWebhook());
  const routes = await withLocalReceivers(await readFile(join(OPS, 'alertmanager/alertmanager.yml'), 'utf8'), folder, {
    pagerDuty: { url: pagerDuty.url, routingKey },
    ticketsUrl: tickets.url,
    deadMansSwitchUrl: deadMansSwitch.url,
  });
  const alertmanager = resources.use(await startAlertmanager(folder, routes, await freePort()));
  const stages = readStages(await readFile(join(OPS, 'rollout/stages.yml'), 'utf8'));
  const options = { stages, pace, leastEvents };
  const prometheus = resources.use(
    await startPrometheus({
      folder,
      port: await freePort(),
      rules: [recordingRules(options), alertRules(options)],
      targetsFile,
      alertmanager: alertmanager.address,
    }),
  );
  const ears = { pagerDuty, tickets, deadMansSwitch };
  const watch = resources.use(watchAlerts(prometheus, ears, now));
  const owned = resources.move();
  return { prometheus, ears, watch, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
