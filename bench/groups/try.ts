import { openBenchWorld, slotOf, modelOf, type BenchWorld } from '../bench-world.ts';
import { createBenchDatabase } from '../fresh-database.ts';
import { measure, median, type Operation } from '../measure.ts';
import { onBenchServer } from '../on-bench-server.ts';
import { confirmedReplace } from '../scenarios/replace.ts';
import { DEFAULT_GROUPS, type GroupLimits } from '@phaselock/store';
import { parseAgentSessionId } from '@phaselock/core';
import { randomUUID } from 'node:crypto';
import type { OpenGuard } from '@phaselock/guard';

const OFF: GroupLimits = { flights: Infinity, most: 1, countedMs: 10 };
const [rounds, seconds, ...only] = process.argv.slice(2);
type Load = (guard: OpenGuard, world: BenchWorld, clients: number) => Promise<Operation>;
const replace: Load = async (guard, world, clients) => confirmedReplace(guard, await world.tasks(clients));
const begun = async (guard: OpenGuard, world: BenchWorld, clients: number) =>
  Promise.all((await world.tasks(clients)).map(async (taskId) => {
    const attemptId = await world.attempt(taskId);
    const started = await guard.start({ ...slotOf(taskId), model: modelOf(0) });
    if (started.kind !== 'created') throw new Error(started.kind);
    return { attemptId, sessionId: started.session.id, generation: started.session.generation };
  }));
const turn: Load = async (guard, world, clients) => {
  const places = await begun(guard, world, clients);
  const id = parseAgentSessionId(randomUUID());
  return async (client) => {
    const at = places[client]!;
    const t = await guard.startTurn(at);
    if (t.kind !== 'started') throw new Error(t.kind);
    await guard.finishTurn({ ...at, processId: t.processId, ending: 'completed', agentSessionId: parseAgentSessionId(`a-${at.sessionId}`)! });
    return true;
  };
};
const heartbeat: Load = async (guard, world, clients) => {
  const places = await begun(guard, world, clients);
  const tokens = await Promise.all(places.map(async (at) => {
    const t = await guard.startTurn(at);
    if (t.kind !== 'started') throw new Error(t.kind);
    return { ...at, processId: t.processId };
  }));
  return async (client) => {
    const b = await guard.heartbeat(tokens[client]!);
    if (b.kind !== 'continue') throw new Error(b.kind);
    return true;
  };
};
const LOADS: [string, 'optimistic' | 'pessimistic', number, Load][] = [
  ['replace', 'optimistic', 32, replace], ['replace', 'optimistic', 100, replace], ['replace', 'optimistic', 1, replace],
  ['pess', 'pessimistic', 32, replace],
  ['turn', 'optimistic', 32, turn], ['heartbeat', 'optimistic', 32, heartbeat], ['heartbeat', 'optimistic', 200, heartbeat],
];
await onBenchServer(async (adminUrl) => {
  for (const [name, strategy, clients, load] of LOADS) {
    if (only.length > 0 && !only.includes(`${name}-${clients}`)) continue;
    await using db = await createBenchDatabase(adminUrl);
    await using world = await openBenchWorld(db.url);
    const sides = [];
    for (const groups of [OFF, DEFAULT_GROUPS]) sides.push({ operation: await load(await world.guard(strategy, { groups }), world, clients), rates: [] as number[], p99: [] as number[], cpu: [] as number[] });
    for (const { operation } of sides) await measure(clients, 1, operation);
    for (let r = 0; r < Number(rounds); r += 1)
      for (const side of r % 2 === 0 ? sides : sides.toReversed()) {
        await world.settle();
        const before = process.cpuUsage();
        const m = await measure(clients, Number(seconds), side.operation);
        const cpu = process.cpuUsage(before);
        side.rates.push(m.opsPerSecond); side.p99.push(m.p99Ms); side.cpu.push((cpu.user + cpu.system) / (m.opsPerSecond * Number(seconds)));
      }
    const [off, on] = sides;
    const ratios = on!.rates.map((rate, i) => rate / off!.rates[i]!);
    console.log(name, strategy, clients, 'off', median(off!.rates).toFixed(0), 'on', median(on!.rates).toFixed(0), 'ratio', median(ratios).toFixed(2), ratios.map((x) => x.toFixed(2)).join(' '), 'p99', median(off!.p99).toFixed(1), median(on!.p99).toFixed(1), 'js µs', median(off!.cpu).toFixed(0), median(on!.cpu).toFixed(0));
  }
});
