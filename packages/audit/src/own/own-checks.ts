import type { Check } from '../check.ts';
import { conversationShared, twoRunning } from '../checks/conversations.ts';
import { turnsCheck } from '../checks/turns.ts';
import type { SourceTraits } from '../judge-turn.ts';
import { archiveChecks } from './archives.ts';
import { ownHistory } from './history.ts';
import { orphanSessions, processesCheck } from './processes.ts';
import { schemaObjectsCheck } from './schema-objects.ts';
import type { ScopeSql } from './scope.ts';
import { sessionChecks } from './sessions.ts';

/** Everything that is asked of our own database. An index, once missing, may have let in anything: that is looked at first. */
export function ownChecks(scope: ScopeSql, traits: SourceTraits): Check[] {
  const history = ownHistory(scope);
  const onHistory = (check: Check): Check => ({ ...check, sql: `${history} ${check.sql}` });
  return [
    schemaObjectsCheck,
    onHistory(turnsCheck(traits)),
    onHistory(conversationShared),
    onHistory(twoRunning),
    processesCheck(scope),
    orphanSessions(scope),
    ...sessionChecks(scope),
    ...archiveChecks(scope),
  ];
}
