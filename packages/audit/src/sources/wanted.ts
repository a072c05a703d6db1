/** Scope of an audit of another system. Everything is read; an attempt or a task only filters the findings. */
export type ForeignWanted =
  | { readonly kind: 'all' }
  | { readonly kind: 'attempt'; readonly given: string }
  | { readonly kind: 'task'; readonly given: string };

/** The scopes of a system without attempts. */
export type WantedTasks = Exclude<ForeignWanted, { readonly kind: 'attempt' }>;
