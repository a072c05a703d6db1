import type { Model } from './linearize.ts';

/** Model of a slot: its live session and its generation counter. */
export type SlotState = { readonly generation: number; readonly live: string | undefined };

export type SlotAct =
  | { readonly kind: 'create'; readonly session: string; readonly generation: number }
  | { readonly kind: 'replace'; readonly predecessor: string; readonly session: string; readonly generation: number }
  | { readonly kind: 'delete'; readonly session: string }
  /** A response that is only possible while the session is live, or only while it is not. */
  | { readonly kind: 'is-live'; readonly session: string }
  | { readonly kind: 'is-gone'; readonly session: string };

export const SLOT_MODEL: Model<SlotState, SlotAct> = {
  initial: { generation: 0, live: undefined },
  apply: (state, act) => {
    switch (act.kind) {
      case 'create':
        return state.live === undefined && act.generation === state.generation + 1
          ? { generation: act.generation, live: act.session }
          : undefined;
      case 'replace':
        return state.live === act.predecessor && act.generation === state.generation + 1
          ? { generation: act.generation, live: act.session }
          : undefined;
      case 'delete':
        return state.live === act.session ? { generation: state.generation, live: undefined } : state;
      case 'is-live':
        return state.live === act.session ? state : undefined;
      case 'is-gone':
        return state.live === act.session ? undefined : state;
    }
  },
  onlyReads: ({ kind }) => kind === 'is-live' || kind === 'is-gone',
  keyOf: ({ generation, live }) => `${generation} ${live ?? ''}`,
};
