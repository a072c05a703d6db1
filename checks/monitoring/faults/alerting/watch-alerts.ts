import { setTimeout as pause } from 'node:timers/promises';
import type { PagerDuty } from './pager-duty.ts';
import type { Prometheus, RunningAlert } from './start-prometheus.ts';
import type { TakenAlert, Webhook } from './webhook.ts';

/** Identifies an alert rule: its name, and its window if several rules share the name. */
export type AlertId = string;

export function alertIdOf(labels: Readonly<Record<string, string>>): AlertId {
  const { alertname = '', window } = labels;
  return window === undefined ? alertname : `${alertname} ${window}`;
}

/** One period of an alert, from the start of its condition until its listener has received the resolve. */
export type Episode = {
  /** When the condition began to hold. The alert fires after the condition has held for a while. */
  readonly beganAt: number;
  readonly firingSince: number;
  readonly lastFiringAt: number;
  /** When the listener received the alert. */
  readonly toldAt: number | undefined;
  /** When the listener received the resolve, under the same key. */
  readonly resolvedAt: number | undefined;
};

/** What was observed of one alert during the run. */
export type Sighting = {
  readonly id: AlertId;
  readonly episodes: readonly Episode[];
  /** The alerts with their rendered texts. */
  readonly alerts: readonly RunningAlert[];
};

export type AlertWatch = AsyncDisposable & {
  sightings(): readonly Sighting[];
  sightingOf(id: AlertId): Sighting | undefined;
};

/** The local listeners that stand in for PagerDuty, the ticket system and the dead man's switch. */
export type Ears = { readonly pagerDuty: PagerDuty; readonly tickets: Webhook; readonly deadMansSwitch: Webhook };

const EVERY_MS = 500;

type Kept = {
  readonly episodes: { -readonly [Name in keyof Episode]: Episode[Name] }[];
  readonly alerts: Map<string, RunningAlert>;
};

/** Follows every alert from Prometheus through Alertmanager to its listener, until it is resolved. */
export function watchAlerts(prometheus: Pick<Prometheus, 'alerts'>, ears: Ears, now: () => number): AlertWatch {
  const ending = new AbortController();
  const kept = new Map<AlertId, Kept>();

  const look = async (): Promise<void> => {
    const alerts = await prometheus.alerts().catch(() => undefined);
    if (alerts === undefined) return;
    const at = { seconds: now(), clock: Date.now() };
    for (const alert of alerts) if (alert.state === 'firing') remember(kept, alert, at);
    for (const [id, { episodes, alerts: seen }] of kept) {
      const current = episodes.at(-1);
      const told = tellingOf(id, seen, ears);
      if (current === undefined || told === undefined) continue;
      if (told === 'open') current.toldAt ??= now();
      else if (current.toldAt !== undefined) current.resolvedAt ??= now();
    }
  };
  const watching = (async () => {
    while (!ending.signal.aborted) {
      await look();
      await pause(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();

  const shown = (id: AlertId, { episodes, alerts }: Kept): Sighting => ({
    id,
    episodes: episodes.map((episode) => ({ ...episode })),
    alerts: [...alerts.values()],
  });
  return {
    sightings: () => [...kept].map(([id, sighting]) => shown(id, sighting)),
    sightingOf: (id) => {
      const sighting = kept.get(id);
      return sighting && shown(id, sighting);
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await watching;
    },
  };
}

/** The time of the run, and the same time by the clock, which Prometheus uses. */
type Moment = { readonly seconds: number; readonly clock: number };

function remember(kept: Map<AlertId, Kept>, alert: RunningAlert, { seconds, clock }: Moment): void {
  const id = alertIdOf(alert.labels);
  const sighting: Kept = kept.get(id) ?? { episodes: [], alerts: new Map() };
  kept.set(id, sighting);
  sighting.alerts.set(JSON.stringify(alert.labels), alert);
  const current = sighting.episodes.at(-1);
  if (current !== undefined && current.resolvedAt === undefined) {
    current.lastFiringAt = seconds;
    return;
  }
  const beganAt = seconds - (clock - alert.activeAt.getTime()) / 1_000;
  const times = { beganAt, firingSince: seconds, lastFiringAt: seconds };
  sighting.episodes.push({ ...times, toldAt: undefined, resolvedAt: undefined });
}

type Telling = 'open' | 'over';

/** Whether the listener has received the alert ('open'), and whether all it received is resolved ('over'). */
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

/** The class of a PagerDuty event is the alert name, and its details list the labels of every alert of the group. */
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
