import type { Closing, Opening, Reporter, Write } from '../report.ts';
import { jsonText } from './json-text.ts';

export const SCHEMA_VERSION = 1;

/** One JSON document. Each finding is written as soon as it is found, so memory use does not grow with the report. */
export function jsonReporter(write: Write): Reporter {
  let first = true;
  return {
    open: async (opening) => {
      const head = { schemaVersion: SCHEMA_VERSION, tool: 'verify-sessions', ...headOf(opening) };
      await write(`${jsonText(head).slice(0, -1)},"findings":[`);
    },
    finding: async (finding) => {
      await write(`${first ? '\n' : ',\n'}${jsonText(finding)}`);
      first = false;
    },
    close: async (closing) => write(`\n],"summary":${jsonText(summaryOf(closing))}}\n`),
  };
}

/**
 * One JSON object per line: the findings as they are found, the summary last. A report without a summary line is
 * incomplete.
 */
export const ndjsonReporter = (write: Write): Reporter => ({
  open: async (opening) => write(`${jsonText({ type: 'audit', schemaVersion: SCHEMA_VERSION, ...headOf(opening) })}\n`),
  finding: async (finding) => write(`${jsonText({ type: 'finding', ...finding })}\n`),
  close: async (closing) => write(`${jsonText({ type: 'summary', ...summaryOf(closing) })}\n`),
});

const headOf = ({ release, source, notes, asked, timeline }: Opening) => ({
  version: release,
  source,
  notes,
  asked,
  timeline: timeline ?? null,
});

const summaryOf = (closing: Closing) => {
  const { summary, read, counted, baselined, notes, notApplicable, counts, tookMs, exitCode } = closing;
  return {
    ...summary,
    read: read ?? null,
    errors: counted.error,
    warnings: counted.warning,
    infos: counted.info + summary.moreInfos,
    baselined,
    notes,
    notApplicable,
    counts: counts ?? null,
    tookMs: Math.round(tookMs),
    exitCode,
  };
};
