import { expect, test } from 'vitest';
import { fillVariables } from './fill-variables.ts';
import { readDashboards } from './read-dashboards.ts';

const [runtime] = readDashboards().filter(({ uid }) => uid === 'phaselock-runtime');
const [overview] = readDashboards().filter(({ uid }) => uid === 'phaselock-overview');
if (runtime === undefined || overview === undefined) throw new Error('a dashboard is missing');

test('$__rate_interval becomes four scrape intervals, or a step and a scrape interval if that is longer', () => {
  expect(fillVariables('[$__rate_interval]', runtime, { stepSeconds: 5, scrapeSeconds: 15, rangeSeconds: 300 })).toBe(
    '[60s]',
  );
  expect(fillVariables('[$__rate_interval]', runtime, { stepSeconds: 120, scrapeSeconds: 15, rangeSeconds: 300 })).toBe(
    '[135s]',
  );
});

test('several selected values become alternatives, and the selection of all becomes allValue', () => {
  const steps = { stepSeconds: 15, scrapeSeconds: 15, rangeSeconds: 300 };
  expect(fillVariables('{job=~"$job",instance=~"$instance"}', runtime, steps)).toBe(
    '{job=~"(phaselock-api|phaselock-purge-worker)",instance=~".+"}',
  );
  expect(fillVariables('{job=~"$job"}[$budget]', overview, steps)).toBe('{job=~"phaselock-api"}[30d]');
});
