import { RULES } from '@phaselock/audit';
import { visibleText } from '@phaselock/core';
import { many } from '../count-words.ts';
import type { Closing, Reporter, Write } from '../report.ts';
import { partsRead } from '../what-was-read.ts';

const LEVELS = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** GitHub Actions workflow annotations, one per finding. */
export function githubReporter(write: Write): Reporter {
  let version = '';
  return {
    open: async ({ release }) => {
      version = release;
    },
    finding: async ({ rule, severity, subject, message }) =>
      write(annotation(LEVELS[severity], `${rule} ${RULES[rule].name}`, `${subject.kind} ${subject.id}: ${message}`)),
    close: async (closing) => write(endOf(closing, version)),
  };
}

function endOf({ summary, read, counted, notes, exitCode }: Closing, version: string): string {
  const { ran, cutOff, moreInfos } = summary;
  const infos = counted.info + moreInfos;
  const parts = [
    `verify-sessions ${version}: ${ran.length} rules run`,
    ...(cutOff.length > 0 ? [`${cutOff.length} cut off`] : []),
    `${counted.error} errors`,
    `${counted.warning} warnings`,
    ...(infos > 0 ? [many(infos, 'info')] : []),
    ...(moreInfos > 0 ? [`${moreInfos} of them not listed because of --max-findings`] : []),
    ...(read === undefined ? [] : [`read ${partsRead(read).join(' · ')}`]),
    `exit ${exitCode}`,
  ];
  return [
    ...(cutOff.length > 0
      ? [annotation('warning', 'cut off by --max-findings', `more findings may exist of ${cutOff.join(', ')}`)]
      : []),
    ...notes.map((note) => `${visibleText(note)}\n`),
    `${parts.join(', ')}\n`,
  ].join('');
}

const annotation = (level: string, title: string, text: string): string =>
  `::${level} title=${property(title)}::${data(visibleText(text))}\n`;

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
