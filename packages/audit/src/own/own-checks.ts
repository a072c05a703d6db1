import type { Check } from '../check.ts';
import { conversationShared, twoRunning } from '../checks/conversations.ts';
import { turnsCheck } from '../checks/turns.ts';
import type { SourceTraits } from '../judge-turn.ts';
import { archiveChecks } from './archives.ts';
import { chainHashes, chainPlaces, notChainedYet } from './chains.ts';
import { ownHistory } from './history.ts';
import { overlapsCheck } from './overlaps.ts';
import { orphanSessions, processesCheck } from './processes.ts';
import { recordedChains, recordedLines, recordedProcesses, recordedSessions } from './recorded-values.ts';
import { schemaObjectsCheck } from './schema-objects.ts';
import type { ScopeSql } from './scope.ts';
import { sessionChecks } from './sessions.ts';
import type { SieveName } from './sift.ts';
import { namedConversations, unusedSessions } from './turns-of-sessions.ts';

/** A check and the sieves that restrict it to suspicious ids. Without sieves it reads everything. */
export type OwnCheck = Check & { readonly siftedBy: readonly SieveName[] };

/**
 * All checks of a phaselock database, in the order in which they run. The schema comes first, because a missing index
 * may have let in any corruption. Long checks come before shorter ones that wait for the same sieve. With `rehashes`,
 * every hash is computed anew and the rows are compared with what the events recorded.
 */
export function ownChecks(scope: ScopeSql, traits: SourceTraits, rehashes: boolean): OwnCheck[] {
  const history = ownHistory(scope);
  const onHistory = (check: Check): Check => ({ ...check, sql: `${history} ${check.sql}` });
  const siftedBy =
    (...sieves: readonly SieveName[]) =>
    (check: Check): OwnCheck => ({ ...check, siftedBy: sieves });
  const unsifted = siftedBy();
  return [
    unsifted(schemaObjectsCheck),
    siftedBy('turns')(onHistory(turnsCheck(traits))),
    siftedBy('lives', 'events')(orphanSessions(scope)),
    unsifted(onHistory(conversationShared)),
    siftedBy('turns', 'attempts')(processesCheck(scope)),
    unsifted(overlapsCheck(scope)),
    siftedBy('unused')(unusedSessions(scope)),
    siftedBy('turns')(onHistory(twoRunning)),
    siftedBy('turns', 'unused')(namedConversations(scope)),
    ...sessionChecks(scope).map(siftedBy('lives')),
    ...archiveChecks(scope).map(unsifted),
    ...(rehashes
      ? [
          chainHashes(scope),
          recordedSessions(scope),
          recordedProcesses(scope),
          recordedLines(scope),
          recordedChains(scope),
        ].map(unsifted)
      : [siftedBy('chains')(chainPlaces(scope))]),
    unsifted(notChainedYet(scope)),
  ];
}
