import { monotonic } from '../clock.ts';
import type { ProxyMode, TcpProxy } from '../world/tcp-proxy.ts';
import type { World } from '../world/world.ts';
import type { Fault, FaultContext } from './fault.ts';

/** A network path in which faults are injected. `slowsAnswers` and `unavailable` are those of `Fault`. */
type Side = {
  readonly name: string;
  readonly proxies: (world: World) => readonly TcpProxy[];
  readonly slowsAnswers: boolean;
  readonly unavailable?: (world: World) => string | undefined;
};

const FRONT: Side = { name: 'between clients and API', proxies: ({ fronts }) => fronts, slowsAnswers: true };
const BACK: Side = {
  name: 'between API and PostgreSQL',
  proxies: ({ backs }) => backs,
  slowsAnswers: false,
  unavailable: ({ keeper }) =>
    keeper === 'campaign' ? undefined : 'the API processes connect to their embedded PostgreSQL directly',
};
const traitsOf = ({ slowsAnswers, unavailable }: Side) => ({ slowsAnswers, ...(unavailable && { unavailable }) });

function aProxy({ world, random }: FaultContext, side: Side) {
  const proxies = side.proxies(world);
  const index = random.whole(0, proxies.length - 1);
  const proxy = proxies[index];
  if (proxy === undefined) throw new Error(`no proxy ${side.name}`);
  return { proxy, index };
}

const cut = (side: Side): Fault => ({
  name: `connections cut ${side.name}`,
  ...traitsOf(side),
  strike: async (context) => {
    const { proxy, index } = aProxy(context, side);
    for (let times = 0; times < 3; times += 1) {
      proxy.cutAll();
      await context.hold(50, 300);
    }
    return { since: monotonic(), apis: [index] };
  },
});

const during = (name: string, side: Side, mode: ProxyMode, [fromMs, toMs]: readonly [number, number]): Fault => ({
  name: `${name} ${side.name}`,
  ...traitsOf(side),
  strike: async (context) => {
    const { proxy, index } = aProxy(context, side);
    proxy.set(mode);
    await context.hold(fromMs, toMs);
    proxy.set({ kind: 'pass' });
    // Bytes held in a black hole are lost in half of the cases, and arrive late in the other half.
    if (mode.kind === 'black-hole' && context.random.chance(0.5)) proxy.cutAll();
    return { since: monotonic(), apis: [index] };
  },
});

const both = (make: (side: Side) => Fault): readonly Fault[] => [make(FRONT), make(BACK)];

export const NETWORK_FAULTS: readonly Fault[] = [
  ...both(cut),
  ...both((side) => during('delay', side, { kind: 'delay', ms: 60 }, [1_000, 3_000])),
  ...both((side) => during('a black hole', side, { kind: 'black-hole' }, [1_000, 4_000])),
  ...both((side) => during('half a response, then a cut', side, { kind: 'half-answers', chance: 0.15 }, [800, 2_500])),
  ...both((side) =>
    during('a response lost after the request was done', side, { kind: 'lost-answers', chance: 0.2 }, [800, 2_500]),
  ),
];
