import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ALERTS } from '@phaselock/monitoring';
import type { AlertId, Sighting } from './alerting/watch-alerts.ts';
import { alertIdOf } from './alerting/watch-alerts.ts';
import { creditEpisodes, shownCredits } from './credit-episodes.ts';
import type { Fault } from './fault.ts';
import { ALWAYS } from './lanes.ts';
import type { RunOfFaults } from './run-faults.ts';

const RUNBOOKS = resolve(import.meta.dirname, '../../../ops/runbooks');

/** Every alert of the rules, each window of a budget by itself. */
export const EVERY_ALERT: readonly AlertId[] = ALERTS.map(({ name, windows }) =>
  alertIdOf({ alertname: name, ...(windows !== null && { window: windows.long }) }),
);

/** What went wrong in a run: alerts that are missing, unexpected, not resolved or not rendered in full. */
export function judgeRun(run: RunOfFaults, made: readonly Fault[]): readonly string[] {
  const wanted = made.flatMap(({ alerts }) => alerts);
  const credits = creditEpisodes(run.sightings, run.made);
  const shown = new Set(shownCredits(credits).map(({ id }) => id));
  return [
    ...run.whenQuiet.map((id) => `${id} fired while nothing was wrong`),
    ...ALWAYS.filter((id) => !run.sightings.some((sighting) => sighting.id === id)).map((id) => `${id} did not fire`),
    ...wanted.filter((id) => !shown.has(id)).map((id) => `no fault fired ${id} so that its listener was notified`),
    ...credits
      .filter((credit) => credit.made === undefined && !ALWAYS.includes(credit.id))
      .map(({ id, episode }) => `${id} began after ${episode.beganAt.toFixed(0)} s, without a fault known to fire it`),
    ...run.sightings.flatMap(judgeSighting),
    ...run.incidents
      .filter(({ turnedAway }) => turnedAway === 0)
      .map(({ key }) => `the first trigger of incident ${key} was not refused`),
    ...run.mistakes.map((mistake) => `a listener refused a request: ${mistake}`),
    ...run.brokenRules.map((rule) => `a rule cannot be evaluated: ${rule}`),
  ];
}

function judgeSighting({ id, episodes, alerts }: Sighting): readonly string[] {
  const complaints = alerts.flatMap(({ labels, annotations }) => [
    ...['severity', 'service'].filter((name) => !labels[name]).map((name) => `${id} has no label ${name}`),
    ...['summary', 'description', 'runbook_url']
      .filter((name) => !annotations[name])
      .map((name) => `${id} has no ${name}`),
    ...Object.entries(annotations)
      .filter(([, text]) => /<no value>|NaN|<error|\{\{|undefined/.test(text))
      .map(([name, text]) => `${id} has the ${name} "${text}"`),
    ...(isThere(annotations.runbook_url)
      ? []
      : [`${id} names a runbook that does not exist: ${annotations.runbook_url}`]),
  ]);
  const told = episodes.filter(({ toldAt }) => toldAt !== undefined);
  if (ALWAYS.includes(id) && told.length === 0) complaints.push(`${id} fired, and its listener was not notified`);
  if (!ALWAYS.includes(id) && told.some(({ resolvedAt }) => resolvedAt === undefined))
    complaints.push(`${id} was not resolved under its key`);
  return [...new Set(complaints)];
}

const isThere = (url: string | undefined): boolean => url !== undefined && existsSync(join(RUNBOOKS, basename(url)));
