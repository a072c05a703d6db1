import { rulesOfSessions } from './own/repairs/topics-of-rules.ts';
import type { RuleId } from './rules.ts';

const FROM_EVENTS =
  'The audit prints a statement that sets the rows of the session and of its processes to what its chained events prove. If they do not prove it, it says why no repair is safe.';
const OF_SLOTS = 'The same holds for the slot, which is set to the session that its events name and its rows confirm.';
const NONE = 'No repair is safe: the database does not prove what is correct.';

/** The repair that the audit prints for findings of a rule in our own database. */
export function repairText(id: RuleId): string {
  switch (id) {
    case 'SV201':
      return `${FROM_EVENTS} Of several sessions that are live according to their events, the newest stays if the slot names it, and the others are deleted as by the service, with an event.`;
    case 'SV202':
    case 'SV205':
      return `${FROM_EVENTS} ${OF_SLOTS} A counter is raised, but never lowered.`;
    case 'SV303':
      return 'The audit prints the statement that restores the definition, if the catalogs suffice for it. Apply it after the repairs of rows, because a constraint refuses wrong rows.';
    case 'SV306':
      return `${FROM_EVENTS} The counter of an attempt is raised to its highest number.`;
    case 'SV502':
    case 'SV505':
    case 'SV506':
    case 'SV606':
      return 'No repair is needed: the purge worker does the work that is due.';
    case 'SV901':
    case 'SV902':
      return 'No repair is needed: the finding is about the audit itself.';
    default:
      return rulesOfSessions.has(id) ? FROM_EVENTS : NONE;
  }
}
