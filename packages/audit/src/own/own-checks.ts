import type { Check } from '../check.ts';
import { conversationShared, twoRunning } from '../checks/conversations.ts';
import { turnsCheck } from '../checks/turns.ts';
import type { SourceTraits } from '../judge-turn.ts';
import { archiveChecks } from './archives/archive-checks.ts';
import { adoptionsCheck, birthsCheck } from './births.ts';
import { chainHashes, chainPlaces, notChainedYet } from './chains.ts';
import { attemptCountersCheck, versionsCheck } from './counters.ts';
import { endsCheck } from './ends.ts';
import { eventOrderCheck } from './event-order.ts';
import { EARLIER_IDS, ownHistory } from './history.ts';
import { identitiesCheck, modelChangesCheck } from './identities.ts';
import { misplacedEvents, orphanSessions, ownerlessRows, strayParts } from './orphans.ts';
import { overlapsCheck, overlapsWithLegacyCheck } from './overlaps.ts';
import { processesCheck } from './processes.ts';
import { actionReasonsCheck, firstReasonsCheck } from './reasons.ts';
import { recordedChains, recordedLines, recordedProcesses, recordedSessions } from './recorded-values.ts';
import { migrationsCheck } from './schema/migrations-check.ts';
import { schemaCheck } from './schema/schema-check.ts';
import type { ScopeSql } from './scope.ts';
import { keptCheck, keptEventsCheck, takenUpCheck } from './session-marks.ts';
import { sessionChecks } from './sessions.ts';
import { sharedConversationsOf, sharedEarlierConversations } from './shared-conversations.ts';
import type { SieveName } from './sift.ts';
import { closedStatusesCheck, lapsedCheck, statusesCheck } from './statuses.ts';
import { eventTimesCheck, processTimesCheck, sessionTimesCheck } from './times.ts';
import { turnEventsCheck } from './turn-events.ts';
import { droppedCheck, invalidatedCheck } from './turn-marks.ts';
import { namedConversations, newestConversations, unusedSessions } from './turns-of-sessions.ts';
import { usageCheck } from './usage.ts';

/** A check and the sieves that restrict it to suspicious ids. Without sieves it reads everything. */
export type OwnCheck = Check & { readonly siftedBy: readonly SieveName[] };

/**
 * All checks of a phaselock database, in the order in which they run. The schema comes first, because a missing index
 * may have let in any corruption. The check that waits for the longest sieve comes next, and the others that wait for it
 * come last, so that the connections are busy meanwhile. With `rehashes`, every hash is computed anew and the rows are
 * compared with what the events recorded.
 */
export function ownChecks(scope: ScopeSql, traits: SourceTraits, rehashes: boolean): OwnCheck[] {
  const history = ownHistory(scope);
  const onHistory = (check: Check): Check => ({ ...check, sql: `${history} ${check.sql}` });
  const siftedBy =
    (...sieves: readonly SieveName[]) =>
    (check: Check): OwnCheck => ({ ...check, siftedBy: sieves });
  const unsifted = siftedBy();
  return [
    unsifted(schemaCheck),
    unsifted(migrationsCheck),
    siftedBy('told')(turnEventsCheck(scope)),
    siftedBy('turns')(onHistory(turnsCheck(traits, EARLIER_IDS))),
    siftedBy('overlaps', 'lives')(overlapsCheck(scope)),
    unsifted(scope.kind === 'all' ? onHistory(conversationShared) : sharedConversationsOf(scope)),
    unsifted(sharedEarlierConversations(scope)),
    siftedBy('turns', 'attempts')(processesCheck(scope)),
    unsifted(overlapsWithLegacyCheck(scope)),
    siftedBy('unused')(unusedSessions(scope)),
    siftedBy('turns')(onHistory(twoRunning)),
    siftedBy('turns', 'unused')(namedConversations(scope)),
    siftedBy('turns')(newestConversations(scope)),
    siftedBy('turns')(actionReasonsCheck(scope)),
    ...[droppedCheck, invalidatedCheck].map((check) => siftedBy('turns')(check(scope))),
    ...[takenUpCheck, keptCheck].map((check) => siftedBy('turns', 'unused')(check(scope))),
    siftedBy('turns')(identitiesCheck(scope, traits)),
    siftedBy('turns', 'attempts')(processTimesCheck(scope)),
    siftedBy('turns', 'unused')(statusesCheck(scope)),
    siftedBy('turns')(lapsedCheck(scope)),
    siftedBy('turns', 'unused')(usageCheck(scope)),
    siftedBy('models')(modelChangesCheck(scope, traits)),
    siftedBy('lives')(sessionTimesCheck(scope)),
    unsifted(attemptCountersCheck(scope)),
    unsifted(ownerlessRows(scope)),
    unsifted(strayParts(scope)),
    ...archiveChecks(scope).map(unsifted),
    unsifted(notChainedYet(scope)),
    siftedBy('lives', 'told')(orphanSessions(scope)),
    ...sessionChecks(scope).map(siftedBy('lives', 'told')),
    ...[birthsCheck, adoptionsCheck, endsCheck, closedStatusesCheck].map((check) =>
      siftedBy('lives', 'told')(check(scope)),
    ),
    ...[firstReasonsCheck, eventOrderCheck, eventTimesCheck, misplacedEvents, versionsCheck, keptEventsCheck].map(
      (check) => siftedBy('told')(check(scope)),
    ),
    ...(rehashes
      ? [
          chainHashes(scope),
          recordedSessions(scope),
          recordedProcesses(scope),
          recordedLines(scope),
          recordedChains(scope),
        ].map(unsifted)
      : [siftedBy('told')(chainPlaces(scope))]),
  ];
}
