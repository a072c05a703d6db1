import type { Reporter, Write } from '../report.ts';

export const SCHEMA_VERSION = 1;

/** One JSON document. Each finding is written as soon as it is found, so memory use does not grow with the report. */
export function jsonReporter(write: Write): Reporter {
  let first = true;
  return {
    open: async ({ source, notes, asked, timeline }) =>
      write(
        `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, tool: 'verify-sessions', source, notes, asked, timeline: timeline ?? null }).slice(0, -1)},"findings":[`,
      ),
    finding: async (finding) => {
      await write(`${first ? '\n' : ',\n'}${JSON.stringify(finding)}`);
      first = false;
    },
    close: async (closing) => write(`\n],"summary":${JSON.stringify(summaryOf(closing))}}\n`),
  };
}

/**
 * One JSON object per line: the findings as they are found, the summary last. A report without a summary line is
 * incomplete.
 */
export const ndjsonReporter = (write: Write): Reporter => ({
  open: async ({ source, notes, asked, timeline }) =>
    write(
      `${JSON.stringify({ type: 'audit', schemaVersion: SCHEMA_VERSION, source, notes, asked, timeline: timeline ?? null })}\n`,
    ),
  finding: async (finding) => write(`${JSON.stringify({ type: 'finding', ...finding })}\n`),
  close: async (closing) => write(`${JSON.stringify({ type: 'summary', ...summaryOf(closing) })}\n`),
});

const summaryOf = ({
  summary,
  counted,
  baselined,
  notApplicable,
  counts,
  tookMs,
  exitCode,
}: Parameters<Reporter['close']>[0]) => ({
  ...summary,
  errors: counted.error,
  warnings: counted.warning,
  infos: counted.info + summary.moreInfos,
  baselined,
  notApplicable,
  counts: counts ?? null,
  tookMs: Math.round(tookMs),
  exitCode,
});
