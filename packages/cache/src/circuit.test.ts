import { expect, it } from 'vitest';
import { createCircuit } from './circuit.ts';

function setUp() {
  const failures: unknown[] = [];
  const clock = { time: 0 };
  const circuit = createCircuit({
    now: () => clock.time,
    timeoutMs: 20,
    skipMs: 1_000,
    onFailure: (error) => failures.push(error),
  });
  return { circuit, clock, failures };
}

const hangs = () => new Promise<never>(() => {});
const fails = () => Promise.reject(new Error('refused'));
const answers = () => Promise.resolve('pong');

it('a circuit returns the answer of the call', async () => {
  const { circuit } = setUp();
  expect(await circuit(answers)).toEqual({ kind: 'answered', answer: 'pong' });
});

it.each([
  ['hangs', hangs],
  ['fails', fails],
])('a circuit skips calls for a while after a call that %s', async (_, call) => {
  const { circuit, clock, failures } = setUp();
  expect(await circuit<string>(call)).toEqual({ kind: 'failed' });
  expect(failures).toHaveLength(1);
  expect(await circuit(answers)).toEqual({ kind: 'skipped' });
  clock.time += 1_000;
  expect(await circuit(answers)).toEqual({ kind: 'answered', answer: 'pong' });
  expect(await circuit(answers)).toEqual({ kind: 'answered', answer: 'pong' });
});

it('a circuit lets one call probe after the pause and skips the others', async () => {
  const { circuit, clock } = setUp();
  await circuit(fails);
  clock.time += 1_000;
  const probe = circuit<string>(hangs);
  expect(await circuit(answers)).toEqual({ kind: 'skipped' });
  expect(await probe).toEqual({ kind: 'failed' });
});

it('a circuit handles a rejection that comes after the time-out', async () => {
  const { circuit } = setUp();
  const late = Promise.withResolvers<never>();
  expect(await circuit(() => late.promise)).toEqual({ kind: 'failed' });
  late.reject(new Error('too late to matter'));
  await Promise.resolve();
});
