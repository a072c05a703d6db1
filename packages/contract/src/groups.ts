/** The groups of operations in the OpenAPI document and on the reference page, in their order there. */
export const GROUPS = {
  Sessions: 'Start, view, end and export sessions',
  Turns: 'The calls of a runner: one process of the agent at a time in a session',
  Board: 'Projects, their tasks, and the attempts at them',
  Catalogue: 'The models and profiles that callers can choose',
  Archive: 'Search and retrieve archived sessions',
  Announcements: 'Notices for users about the rollout',
  Administration: 'Keys, flags, rollouts',
  Service: 'Health checks and metrics for operators',
} as const satisfies Readonly<Record<string, string>>;

export type Group = keyof typeof GROUPS;
