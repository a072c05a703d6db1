import type { Memory } from './memory.ts';

const SESSIONS = 5;

/** What a story about a slot is told of: its newest sessions, and whoever else is concerned. */
export const aboutSlot = ({ bySlot }: Memory, slot: string, ...more: readonly string[]): string[] => [
  ...(bySlot.get(slot) ?? []).slice(-SESSIONS).map(({ id }) => id),
  ...more,
];
