/** All feature flags. The first enables the single-session rule; the others choose how slots are locked. */
export const FLAGS = ['single_session_guard', 'pessimistic_locking_enabled', 'locking_strategy'] as const;
export type FlagName = (typeof FLAGS)[number];

export const GUARD_FLAG = 'single_session_guard' satisfies FlagName;
