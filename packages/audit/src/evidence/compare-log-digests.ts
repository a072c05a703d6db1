import { finding, type Row } from '../check.ts';
import type { Finding } from '../finding.ts';
import { logDigestAfter } from './log-digest.ts';

type Fold = { readonly row: Row; readonly lines: number; readonly digest: Buffer };

/**
 * Yields SV605 for each process whose log lines do not have its digest. The lines arrive session by session, so only
 * the processes of one session are held. If the number of lines differs, another check reports it.
 */
export async function* compareLogDigests(lines: AsyncIterable<Row>): AsyncGenerator<Finding> {
  let sessionId: string | null | undefined;
  let processes = new Map<string, Fold>();
  for await (const row of lines) {
    if (row.session_id !== sessionId) {
      yield* differing(processes);
      [sessionId, processes] = [row.session_id, new Map()];
    }
    const id = row.process_id ?? '';
    const before = processes.get(id);
    const digest = logDigestAfter(before?.digest, Buffer.from(row.line_hash ?? '', 'hex'));
    processes.set(id, { row, lines: (before?.lines ?? 0) + 1, digest });
  }
  yield* differing(processes);
}

function* differing(processes: ReadonlyMap<string, Fold>): Generator<Finding> {
  for (const [id, { row, lines, digest }] of processes) {
    if (lines !== Number(row.log_lines) || digest.toString('hex') === row.log_digest) continue;
    const message = `its ${lines} log lines do not have the digest that was recorded`;
    yield finding('SV605', row, { kind: 'process', id, message });
  }
}
