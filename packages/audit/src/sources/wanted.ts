/** Of another system everything is read; only an attempt is picked out. */
export type ForeignWanted = { readonly kind: 'all' } | { readonly kind: 'attempt'; readonly given: string };
