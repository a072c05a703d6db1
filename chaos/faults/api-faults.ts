import { monotonic } from '../clock.ts';
import type { Fault, FaultContext } from './fault.ts';

function anApi({ world, random }: FaultContext) {
  const index = random.whole(0, world.apis.length - 1);
  const api = world.apis[index];
  if (api === undefined) throw new Error('there is no API process');
  return { api, index };
}

const clockStep = (name: string, offsetMs: number): Fault => ({
  name,
  slowsAnswers: false,
  strike: async (context) => {
    const { api, index } = anApi(context);
    api.shiftClock(offsetMs);
    await context.hold(1_500, 4_000);
    api.shiftClock(0);
    return { since: monotonic(), apis: [index] };
  },
});

export const API_FAULTS: readonly Fault[] = [
  {
    name: 'kill -9 of an API process',
    slowsAnswers: true,
    strike: async (context) => {
      const { api, index } = anApi(context);
      const since = monotonic();
      await api.end('SIGKILL');
      await api.start();
      return { since, apis: [index] };
    },
  },
  {
    name: 'SIGTERM of an API process',
    slowsAnswers: true,
    strike: async (context) => {
      const { api, index } = anApi(context);
      const since = monotonic();
      await api.end('SIGTERM');
      await api.start();
      return { since, apis: [index] };
    },
  },
  {
    name: 'an API process frozen for longer than a lease',
    slowsAnswers: true,
    strike: async (context) => {
      const { api, index } = anApi(context);
      api.signal('SIGSTOP');
      await context.hold(context.leaseMs * 1.2, context.leaseMs * 1.6);
      api.signal('SIGCONT');
      return { since: monotonic(), apis: [index] };
    },
  },
  clockStep('the clock of an API process an hour ahead', 3_600_000),
  clockStep('the clock of an API process an hour behind', -3_600_000),
];
