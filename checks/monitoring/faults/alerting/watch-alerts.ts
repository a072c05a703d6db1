import { setTimeout as pause } from 'node:timers/promises';
import type { PagerDuty } from './pager-duty.ts';
import type { Prometheus, RunningAlert } from './start-prometheus.ts';
import type { TakenAlert, Webhook } from './webhook.ts';

/** What tells one alert of the rules from another: a rule with several windows has several. */
export type AlertId = string;

export function alertIdOf(labels: Readonly<Record<string, string>>): AlertId {
  const { alertname = '', window } = labels;
  return window === undefined ? alertname : `${alertname} ${window}`;
}

/** How an alert came to those who were to hear of it. */
export type Sighting = {
  readonly id: AlertId;
  /** When Prometheus first had it firing, and when it last had. */
  readonly firstFiringAt: number;
  readonly lastFiringAt: number;
  /** When the listener took it. */
  readonly toldAt: number | undefined;
  /** When the listener was told that it is over, under the key it was told of it. */
  readonly resolvedAt: number | undefined;
  /** What a person would have read, as it was rendered. */
  readonly alerts: readonly RunningAlert[];
};

export type AlertWatch = AsyncDisposable & {
  sightings(): readonly Sighting[];
  sightingOf(id: AlertId): Sighting | undefined;
  /** Firing at this moment, as Prometheus says. */
  firing(): readonly RunningAlert[];
};

export type Ears = { readonly pagerDuty: PagerDuty; readonly tickets: Webhook; readonly deadMansSwitch: Webhook };

const EVERY_MS = 500;

type Kept = {
  firstFiringAt: number;
  lastFiringAt: number;
  toldAt: number | undefined;
  resolvedAt: number | undefined;
  alerts: Map<string, RunningAlert>;
};

/** Follows every alert from Prometheus by way of Alertmanager to its listener and back to rest. */
export function watchAlerts(prometheus: Pick<Prometheus, 'alerts'>, ears: Ears, now: () => number): AlertWatch {
  const ending = new AbortController();
  const kept = new Map<AlertId, Kept>();
  let firing: readonly RunningAlert[] = [];

  const look = async (): Promise<void> => {
    const alerts = await prometheus.alerts().catch(() => undefined);
    if (alerts === undefined) return;
    firing = alerts.filter(({ state }) => state === 'firing');
    for (const alert of firing) remember(kept, alert, now());
    for (const [id, sighting] of kept) {
      const told = tellingOf(id, sighting.alerts, ears);
      if (told === undefined) continue;
      sighting.toldAt ??= now();
      if (told === 'over') sighting.resolvedAt ??= now();
      else sighting.resolvedAt = undefined;
    }
  };
  const watching = (async () => {
    while (!ending.signal.aborted) {
      await look();
      await pause(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();

  const shown = ([id, { alerts, ...sighting }]: [AlertId, Kept]): Sighting => ({
    id,
    ...sighting,
    alerts: [...alerts.values()],
  });
  return {
    sightings: () => [...kept].map(shown),
    sightingOf: (id) => {
      const sighting = kept.get(id);
      return sighting && shown([id, sighting]);
    },
    firing: () => firing,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await watching;
    },
  };
}

function remember(kept: Map<AlertId, Kept>, alert: RunningAlert, at: number): void {
  const id = alertIdOf(alert.labels);
  const sighting = kept.get(id) ?? {
    firstFiringAt: at,
    lastFiringAt: at,
    toldAt: undefined,
    resolvedAt: undefined,
    alerts: new Map(),
  };
  sighting.lastFiringAt = at;
  sighting.alerts.set(JSON.stringify(alert.labels), alert);
  kept.set(id, sighting);
}

type Telling = 'open' | 'over';

/** Whether its listener was told of it, and whether all it was told of is over. */
function tellingOf(id: AlertId, alerts: Kept['alerts'], ears: Ears): Telling | undefined {
  const [first] = alerts.values();
  switch (first?.labels.severity) {
    case 'page':
      return ofIncidents(first, ears.pagerDuty);
    case 'ticket':
      return ofTaken(id, ears.tickets.taken());
    default:
      return ofTaken(id, ears.deadMansSwitch.taken());
  }
}

/** The class of an event is the alert, and its details list the labels of every alert of the group. */
function ofIncidents({ labels }: RunningAlert, pagerDuty: PagerDuty): Telling | undefined {
  const { alertname, window } = labels;
  const about = pagerDuty
    .incidents()
    .filter(({ triggers }) =>
      triggers.some(
        ({ payload }) =>
          payload.class === alertname &&
          (window === undefined || payload.custom_details.firing.includes(`window: ${window}\n`)),
      ),
    );
  if (about.length === 0) return undefined;
  return about.every(({ isOpen, resolves }) => !isOpen && resolves > 0) ? 'over' : 'open';
}

function ofTaken(id: AlertId, taken: readonly TakenAlert[]): Telling | undefined {
  const last = new Map<string, TakenAlert['status']>();
  for (const alert of taken) if (alertIdOf(alert.labels) === id) last.set(alert.fingerprint, alert.status);
  if (last.size === 0) return undefined;
  return [...last.values()].every((status) => status === 'resolved') ? 'over' : 'open';
}
