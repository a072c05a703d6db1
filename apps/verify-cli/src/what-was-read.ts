import type { WhatWasRead } from '@phaselock/audit';
import { many } from './count-words.ts';

/** The parts of what was read, such as `3 processes`, without those that the source does not store. */
export function partsRead({ sessions, processes, events, archives }: WhatWasRead): string[] {
  return [
    many(sessions, 'session'),
    many(processes, 'process'),
    ...(events === null ? [] : [many(events, 'event')]),
    ...(archives === null ? [] : [many(archives, 'archive')]),
  ];
}

export const isNothing = ({ sessions, processes, events, archives }: WhatWasRead): boolean =>
  sessions + processes + (events ?? 0) + (archives ?? 0) === 0;
