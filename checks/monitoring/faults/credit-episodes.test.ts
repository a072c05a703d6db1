import { describe, expect, test } from 'vitest';
import type { Episode, Sighting } from './alerting/watch-alerts.ts';
import { creditEpisodes, type MadeFault, shownCredits } from './credit-episodes.ts';
import { type Fault, undo } from './fault.ts';
import { faultsTable } from './faults-table.ts';
import { judgeRun } from './judge-run.ts';
import { ALWAYS } from './lanes.ts';

const BURN = 'PhaselockReplacementBudgetBurn 3d';
const SLOW = 'PhaselockReplacementSlow';

const aFault = (name: string, alerts: readonly string[], also: readonly string[] = []): Fault => ({
  name,
  alerts,
  also,
  make: async () => undo(() => undefined),
});
const madeAt = (at: number, fault: Fault): MadeFault => ({ fault, madeAt: at, undoneAt: at + 20, overAt: at + 22 });
const since = (beganAt: number, more: Partial<Episode> = {}): Episode => ({
  beganAt,
  firingSince: beganAt + 3,
  lastFiringAt: beganAt + 90,
  toldAt: beganAt + 4,
  resolvedAt: beganAt + 95,
  ...more,
});
const seen = (id: string, ...episodes: Episode[]): Sighting => {
  const [alertname = '', window] = id.split(' ');
  const labels = { alertname, severity: 'ticket', service: 'phaselock', ...(window !== undefined && { window }) };
  const annotations = { summary: 'a', description: 'b', runbook_url: 'https://example.com/replacement-slow.md' };
  return { id, episodes, alerts: [{ state: 'firing', activeAt: new Date(), labels, annotations }] };
};
const aRun = (made: readonly MadeFault[], sightings: readonly Sighting[]) => ({
  made,
  sightings: [...ALWAYS.map((id) => seen(id, since(0))), ...sightings],
  ...{ whenQuiet: [], incidents: [], mistakes: [], brokenRules: [], seconds: 300 },
});

const one = madeAt(40, aFault('one slot', [SLOW], [BURN]));
const all = madeAt(90, aFault('all slots', [BURN]));

test('credits an alert to the fault that was open when its condition began, and not to a later fault', () => {
  const [credit] = creditEpisodes([seen(BURN, since(50))], [one, all]);
  expect(credit?.made).toBe(one);
  expect(faultsTable(aRun([one, all], [seen(BURN, since(50))]))).not.toContain('all slots');
});

test('the table shows the times since the credited fault was made', () => {
  const table = faultsTable(aRun([one, all], [seen(BURN, since(50))]));
  expect(table).toMatch(/3d` +\| ticket +\| one slot +\| 13 s +\| 14 s +\| 85 s/);
});

test('of two episodes of an alert, shows the one of the fault that is made for the alert', () => {
  const [shown] = shownCredits(creditEpisodes([seen(BURN, since(50), since(95))], [one, all]));
  expect(shown?.made).toBe(all);
});

test('of two open faults, credits the one that is made for the alert', () => {
  const other = madeAt(85, aFault('other', [], [BURN]));
  expect(creditEpisodes([seen(BURN, since(95))], [other, all])[0]?.made).toBe(all);
});

test('credits an alert that begins again to the fault whose failures are still in its short window', () => {
  const burn = 'PhaselockReplacementBudgetBurn 6h';
  const made = madeAt(90, aFault('all slots', [burn]));
  expect(creditEpisodes([seen(burn, since(136))], [made])[0]?.made).toBe(made);
  expect(creditEpisodes([seen(burn, since(139))], [made])[0]?.made).toBeUndefined();
});

describe('judgeRun', () => {
  const fine = [seen(SLOW, since(45)), seen(BURN, since(95))];

  test('accepts a run in which each alert was fired by its fault', () => {
    expect(judgeRun(aRun([one, all], fine), [one.fault, all.fault])).toEqual([]);
  });

  test.each([
    ['before any fault was made', 30],
    ['between two faults', 89],
    ['while the only open fault is not known to fire it', 95],
  ])('reports an alert that began %s', (_, beganAt) => {
    const complaints = judgeRun(aRun([one, all], [...fine, seen(SLOW, since(beganAt))]), [one.fault, all.fault]);
    expect(complaints).toEqual([expect.stringMatching(/^PhaselockReplacementSlow began after \d+ s, without a fault/)]);
  });

  test('reports a fault whose alert had already begun before the fault was made', () => {
    expect(judgeRun(aRun([all], [seen(BURN, since(60))]), [all.fault])).toEqual([
      `no fault fired ${BURN} so that its listener was notified`,
      expect.stringContaining('without a fault known to fire it'),
    ]);
  });

  test('reports an alert whose listener was not notified', () => {
    const untold = since(95, { toldAt: undefined, resolvedAt: undefined });
    expect(judgeRun(aRun([one, all], [seen(SLOW, since(45)), seen(BURN, untold)]), [one.fault, all.fault])).toEqual([
      `no fault fired ${BURN} so that its listener was notified`,
    ]);
  });
});
