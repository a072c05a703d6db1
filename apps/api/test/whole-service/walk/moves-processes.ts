import { chooseAgentId, chooseGeneration, chooseProcess, chooseSession, chooseUsage } from './choose.ts';
import type { KnownProcess, KnownSession } from './memory.ts';
import { linesOf } from './moves-runners.ts';
import type { Asking } from './seen.ts';
import { chooseClient, type Move, maybeKey, type Turn } from './turn.ts';

type Word = { readonly operation: string; readonly asking: Asking };

/**
 * Sends any runner report, from any client, for any process and session, possibly late, and sometimes twice at once.
 */
export const sayAnything: Move = async (turn) => {
  const { random, ask, memory } = turn;
  const client = chooseClient(turn);
  const process = chooseProcess(turn);
  const own = memory.sessions.get(process?.sessionId ?? '');
  const session = random.chance(0.93) ? own : chooseSession(turn, client);
  if (process === undefined || session === undefined) return;
  const { operation, asking } = wordOf(turn, process, session);
  const key = maybeKey(turn, operation);
  await Promise.all(
    Array.from({ length: random.chance(0.15) ? 2 : 1 }, () => ask(client, operation, { ...asking, ...key })),
  );
};

function wordOf(turn: Turn, process: KnownProcess, session: KnownSession): Word {
  const { random, step, operations } = turn;
  const params = { sessionId: session.id, processId: process.id };
  const generation = chooseGeneration(random, session.generation);
  const agentSessionId = random.chance(0.5) ? `agent-${process.step}` : chooseAgentId(turn, session);
  const usage = operations.named('recordUsage').bodyFields.includes('generation') ? { generation } : {};
  const ending = random.pick(['completed', 'failed', 'killed', 'lost']);
  const finish = {
    ...{ generation, ending },
    ...(random.chance(0.5) && { agentSessionId }),
    ...(random.chance(0.5) && { exitCode: random.below(3) }),
    ...(random.chance(0.1) && { lostAgentSession: random.chance(0.7) }),
    ...(random.chance(0.4) && { usage: chooseUsage(random) }),
  };
  const query = { generation: String(generation) };
  return random.weighted<Word>([
    [3, { operation: 'heartbeat', asking: { params, body: { generation } } }],
    [3, { operation: 'reportAgentSession', asking: { params, body: { generation, agentSessionId } } }],
    [2, { operation: 'recordUsage', asking: { params, body: { ...usage, ...chooseUsage(random) } } }],
    [3, { operation: 'appendLogs', asking: { params, query, lines: linesOf(step, random.below(4)) } }],
    [1.5, { operation: 'finishTurn', asking: { params, body: finish } }],
  ]);
}
