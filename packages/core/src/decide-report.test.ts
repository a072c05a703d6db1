import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/process-reports.json' with { type: 'json' };
import { readSection } from '../test/row.ts';
import { judgeReport, REPORTS, type ReportVerdict, STANDINGS, standingsThat } from './decide-report.ts';

const VERDICTS: readonly ReportVerdict[] = ['taken', 'ignored', 'stale_process', 'stale_generation'];
const rowsOf = (section: string) =>
  readSection(vectors, section, (row) => ({
    because: row.text('because'),
    standing: row.oneOf('standing', STANDINGS),
    report: row.oneOf('report', REPORTS),
    verdict: row.oneOf('verdict', VERDICTS),
  }));

describe('judgeReport', () => {
  test.each([...rowsOf('valid'), ...rowsOf('invalid')])('$because', ({ standing, report, verdict }) => {
    expect(judgeReport(standing, report)).toBe(verdict);
    expect(standingsThat(report, verdict)).toContain(standing);
  });

  test('the vectors contain every pair of standing and report exactly once', () => {
    const pairs = [...rowsOf('valid'), ...rowsOf('invalid')].map(({ standing, report }) => `${standing} ${report}`);
    expect(new Set(pairs).size).toBe(STANDINGS.length * REPORTS.length);
    expect(pairs).toHaveLength(STANDINGS.length * REPORTS.length);
  });

  test('a process may report its ending in every standing', () => {
    for (const standing of STANDINGS) expect(judgeReport(standing, 'ending')).toBe('taken');
  });
});
