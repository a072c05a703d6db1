import { openLocalGuard } from '@phaselock/guard';

await using guard = await openLocalGuard({ dataDir: '.phaselock' });
const taskId = await guard.addTask(await guard.addProject('Shop'), 'Fix the checkout');
const slot = { taskId, phase: 'run', mode: 'standard' } as const;
const sonnet = { agent: 'claude-code', model: 'claude-sonnet-4-5' } as const;
const opus = { agent: 'claude-code', model: 'claude-opus-4-5' } as const;

console.log((await guard.start({ ...slot, model: sonnet })).kind); // created
console.log((await guard.start({ ...slot, model: sonnet })).kind); // existing
const answer = await guard.start({ ...slot, model: opus });
console.log(answer.kind); // ask
if (answer.kind === 'ask') {
  const confirmed = await guard.start({ ...slot, model: opus, say: { kind: 'replace', shown: answer.shown } });
  console.log(confirmed.kind); // replaced
}
