import { chooseUsage } from './choose.ts';
import { textAt } from './read.ts';
import type { Act, Runner } from './runners.ts';
import type { Body, Seen } from './seen.ts';
import type { Turn } from './turn.ts';

/** Performs the next action of a runner. A runner that is told to stop usually finishes its turn as killed. */
export async function runnerMove(turn: Turn, runner: Runner): Promise<void> {
  const next = runner.acts.shift();
  if (next === undefined) return;
  runner.busy = true;
  const seen = await ACTS[next.act](turn, runner);
  const isToStop = textAt(seen.answer, 'outcome') === 'stop' || /^stale_/.test(seen.code ?? '');
  if (isToStop && turn.random.chance(0.8)) {
    runner.acts.splice(0);
    if (turn.random.chance(0.9)) await finish(turn, runner, 'killed');
  }
  runner.busy = false;
}

const paramsOf = ({ process }: Runner) => ({ sessionId: process.sessionId, processId: process.id });
const fenced = ({ process }: Runner, more: Body = {}): Body => ({ generation: process.generation, ...more });

const ACTS: Readonly<Record<Act, (turn: Turn, runner: Runner) => Promise<Seen>>> = {
  heartbeat: ({ ask }, runner) => ask(runner.client, 'heartbeat', { params: paramsOf(runner), body: fenced(runner) }),
  report: ({ ask }, runner) =>
    ask(runner.client, 'reportAgentSession', {
      params: paramsOf(runner),
      body: fenced(runner, { agentSessionId: runner.agentId }),
    }),
  usage: ({ ask, random, operations }, runner) =>
    ask(runner.client, 'recordUsage', {
      params: paramsOf(runner),
      body: {
        ...(operations.named('recordUsage').bodyFields.includes('generation') && fenced(runner)),
        ...chooseUsage(random),
      },
    }),
  logs: ({ ask, random, step }, runner) =>
    ask(runner.client, 'appendLogs', {
      params: paramsOf(runner),
      query: { generation: String(runner.process.generation) },
      lines: linesOf(step, 1 + random.below(4)),
    }),
  finish: (turn, runner) =>
    finish(
      turn,
      runner,
      turn.random.weighted([
        [7, 'completed'],
        [2, 'failed'],
        [1, 'killed'],
        [0.5, 'lost'],
      ]),
    ),
};

/** Each line of a walk is unique, so that it can be found again. */
export const linesOf = (step: number, many: number, mark = ''): Body[] =>
  Array.from({ length: many }, (_, index) => ({
    ...(index % 2 === 0 && { kind: 'stderr' }),
    line: `line ${step}${mark}.${index} of the walk`,
  }));

function finish({ ask, random }: Turn, runner: Runner, ending: string): Promise<Seen> {
  return ask(runner.client, 'finishTurn', {
    params: paramsOf(runner),
    body: fenced(runner, {
      ending,
      ...(random.chance(0.7) && { exitCode: ending === 'completed' ? 0 : 1 }),
      ...(random.chance(0.6) && { agentSessionId: runner.agentId }),
      ...(random.chance(0.06) && { lostAgentSession: true }),
      ...(random.chance(0.5) && { usage: chooseUsage(random) }),
    }),
  });
}
