import type { Finding } from '@phaselock/audit';
import type { Closing, Opening, Reporter, Write } from '../report.ts';

export type Collected = { readonly opening: Opening; readonly findings: readonly Finding[]; readonly closing: Closing };

/** Buffers all findings for formats that print totals first. `--max-findings` limits the size of the buffer. */
export function collectedReporter(write: Write, tell: (collected: Collected) => string): Reporter {
  const findings: Finding[] = [];
  let opened: Opening = { release: '', source: '', notes: [], asked: '', timeline: undefined };
  return {
    open: async (opening) => {
      opened = opening;
    },
    finding: async (finding) => void findings.push(finding),
    close: async (closing) => write(tell({ opening: opened, findings, closing })),
  };
}
