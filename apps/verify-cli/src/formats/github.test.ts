import { expect, test } from 'vitest';
import { aClosing, anOpening } from '../../test/a-report.ts';
import { githubReporter } from './github.ts';

test('infos that --max-findings left out are counted in the last line, without a warning', async () => {
  const written: string[] = [];
  const reporter = githubReporter(async (text) => void written.push(text));
  await reporter.open(anOpening);
  const summary = { moreInfos: 3, infosLeftOut: [{ rule: 'SV302', count: 3 }] } as const;
  await reporter.close(aClosing({ summary, counted: { info: 2, warning: 0, error: 0 } }));
  expect(written.join('')).toMatch(
    /^verify-sessions 1\.2\.3: .*, 0 warnings, 5 infos, 3 of them not listed because of --max-findings, .*exit 0\n$/,
  );
});
