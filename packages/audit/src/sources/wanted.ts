/** Scope of an audit of another system. Everything is read; an attempt only filters the findings. */
export type ForeignWanted = { readonly kind: 'all' } | { readonly kind: 'attempt'; readonly given: string };
