import { RULES } from '@phaselock/audit';
import { visibleText } from '@phaselock/core';
import type { Reporter, Write } from '../report.ts';

const LEVELS = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** GitHub Actions workflow annotations, one per finding. */
export const githubReporter = (write: Write): Reporter => ({
  open: async () => {},
  finding: async ({ rule, severity, subject, message }) => {
    const text = visibleText(`${subject.kind} ${subject.id}: ${message}`);
    await write(`::${LEVELS[severity]} title=${property(`${rule} ${RULES[rule].name}`)}::${data(text)}\n`);
  },
  close: async ({ counted, summary, exitCode }) =>
    write(
      `verify-sessions: ${summary.ran.length} rules run, ${counted.error} errors, ${counted.warning} warnings, exit ${exitCode}\n`,
    ),
});

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
