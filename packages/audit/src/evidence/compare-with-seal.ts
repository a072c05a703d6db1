import { finding, type Row } from '../check.ts';
import type { Finding } from '../finding.ts';
import type { Evidence } from './evidence.ts';
import { parseHead, type SessionHead, type SlotHead } from './heads.ts';
import { demandComparable, type OpenedSeal } from './open-seal.ts';

/** Heads that are compared by one statement. */
const AT_ONCE = 1_000;

/**
 * Yields SV604 for each sealed session or slot that is gone, and SV603 for each that was altered. The heads are read as
 * a stream: memory does not grow with the seal.
 */
export async function* compareWithSeal(evidence: Evidence, { seal, heads }: OpenedSeal): AsyncGenerator<Finding> {
  await demandComparable(evidence, seal);
  let sessions: SessionHead[] = [];
  let slots: SlotHead[] = [];
  let after: SessionHead | undefined;
  const compareSessions = async (upTo: SessionHead | undefined): Promise<readonly Finding[]> => {
    const rows = await evidence.sessionsNotAsSealed({ heads: sessions, after, upTo }, seal);
    [after, sessions] = [upTo, []];
    return rows.flatMap(judgeSession);
  };
  const compareSlots = async (): Promise<readonly Finding[]> => {
    const rows = await evidence.slotsNotAsSealed(slots);
    slots = [];
    return rows.map(judgeSlot);
  };
  for await (const line of heads()) {
    const head = parseHead(line);
    if (head?.kind === 'session' && sessions.push(head) === AT_ONCE) yield* await compareSessions(head);
    if (head?.kind === 'slot' && slots.push(head) === AT_ONCE) yield* await compareSlots();
  }
  yield* await compareSessions(undefined);
  yield* await compareSlots();
}

function judgeSession(row: Row): readonly Finding[] {
  const of = { kind: 'session', id: row.session_id ?? null } as const;
  const { sealed = null, length } = row;
  if (length == null) {
    const message = `the seal has ${sealed} events of this session, and none of them is left`;
    return [finding('SV604', row, { ...of, message })];
  }
  const findings: Finding[] = [];
  if (sealed !== null && row.kept !== 'true') {
    const message =
      Number(length) < Number(sealed)
        ? `the seal has ${sealed} events of this session, and ${length} of them are left in its chain`
        : `its first ${sealed} events are not the sealed ones`;
    findings.push(finding('SV603', row, { ...of, message }));
  }
  if (row.early === 'true') findings.push(addedLater(row));
  if (row.never_chained === 'true') {
    const message = `${row.unchained} of its events have no hash, although every event had one when the seal was made`;
    findings.push(finding('SV603', row, { ...of, message }));
  }
  return findings;
}

/**
 * An event that the seal would contain. Its transaction and its time both show that; if only the time does, the clock
 * of the server may have been set back after the seal, so it is a warning.
 */
function addedLater(row: Row): Finding {
  const what =
    row.sealed == null
      ? 'the session is not in the seal'
      : `the seal does not have its event ${Number(row.sealed) + 1}`;
  const seen = row.early_seen === 'true';
  const message = seen
    ? `${what}, but this event is dated ${row.early_at}, before the seal, and its transaction ended before the seal`
    : `${what}, but this event is dated ${row.early_at}, before the seal; it was added later, or the clock was set back`;
  return finding('SV603', row, {
    kind: 'session',
    id: row.session_id ?? null,
    message,
    severity: seen ? 'error' : 'warning',
  });
}

function judgeSlot(row: Row): Finding {
  const { generation, births } = row;
  const of = { kind: 'slot', id: `${row.task_id}/${row.phase}/${row.mode}` } as const;
  return Number(births) < Number(generation)
    ? finding('SV604', row, {
        ...of,
        message: `the seal has ${generation} generations of this slot, and ${births} of them are left`,
      })
    : finding('SV603', row, { ...of, message: `its first ${generation} generations are not the sealed ones` });
}
