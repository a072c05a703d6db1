import type { Memory } from './memory.ts';

const SESSIONS = 5;

/** The ids to show in a report about a slot: its newest sessions and the given others. */
export const aboutSlot = ({ bySlot }: Memory, slot: string, ...more: readonly string[]): string[] => [
  ...(bySlot.get(slot) ?? []).slice(-SESSIONS).map(({ id }) => id),
  ...more,
];
