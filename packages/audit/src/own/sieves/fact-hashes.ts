/** Hashes of what a row and an event must agree on, by functions that PostgreSQL has since version 11. */
export const atHash = (time: string): string => `hashfloat8extended(date_part('epoch', ${time}), 0)`;

type Turn = { readonly id: string; readonly reason: string; readonly at: string };

/** `at` is a hash of the time. */
export const startHash = ({ id, seq, reason, at }: Turn & { readonly seq: string }): string =>
  `hashtextextended(${id}, hashtextextended(${seq}, hashtextextended(${reason}, ${at})))`;
export const endingHash = ({ id, reason, at }: Turn): string =>
  `hashtextextended(${id}, hashtextextended(${reason}, ${at}))`;
export const lossHash = (id: string): string => `hashtextextended(${id}, 1)`;
export const attemptHash = (attempt: string, start: string): string => `hashtextextended(${attempt}, ${start})`;

/** Of the task, the slot and the generation in a row. */
export const placeHash = (row: string): string =>
  `hashtextextended(${row}.phase, hashtextextended(${row}.mode, uuid_hash_extended(${row}.task_id, ${row}.generation)))`;

const ifAny = (hash: string): string => `coalesce(${hash}, 0)`;

type Birth = { readonly type: string; readonly predecessor: string; readonly actor: string; readonly at: string };

export const birthHash = ({ type, predecessor, actor, at }: Birth): string => `
  (hashtextextended(${type}, ${at}) # ${ifAny(`uuid_hash_extended(${predecessor}, 2)`)} # ${ifAny(`hashtextextended(${actor}, 3)`)})`;

/** `row` has the task and the slot. `successor` is null unless the session was replaced. */
export const endHash = (row: string, reason: string, successor: string): string => `
  (hashtextextended(${reason}, hashtextextended(${row}.phase, hashtextextended(${row}.mode, uuid_hash_extended(${row}.task_id, 4))))
   # ${ifAny(`uuid_hash_extended(${successor}, 5)`)})`;
