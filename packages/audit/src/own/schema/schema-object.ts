/** The kinds of objects that the migrations make. */
export const MADE_KINDS = ['table', 'view', 'type', 'column', 'constraint', 'index', 'trigger', 'function'] as const;

/** The kinds of objects that the migrations never make. Each changes what a table stores or what its readers see. */
const UNMADE_KINDS = ['rule', 'row-level security', 'inheritance', 'setting'] as const;

const OBJECT_KINDS = [...MADE_KINDS, ...UNMADE_KINDS] as const;

export type MadeKind = (typeof MADE_KINDS)[number];
export type ObjectKind = (typeof OBJECT_KINDS)[number];
export const isObjectKind = (text: unknown): text is ObjectKind => OBJECT_KINDS.some((kind) => kind === text);

/** Why an object that is defined does not act as defined: the words that follow "it". */
export const FLAWS = {
  unchecked: 'is NOT VALID: the rows that were written before it were never checked',
  unenforced: 'does not act: its internal triggers are disabled or missing',
  'without-index': 'does not act: its index is not valid',
  unfinished: 'is not valid: its creation failed, was interrupted or is still running',
  disabled: 'is disabled',
  'replica-only': 'is enabled for REPLICA only, so it does not run when the service writes',
  always: 'is enabled ALWAYS, so it also runs when replicated rows are applied',
} as const;

type Flaw = keyof typeof FLAWS;
export const isFlaw = (text: unknown): text is Flaw => typeof text === 'string' && Object.hasOwn(FLAWS, text);

export type SchemaObject = {
  readonly kind: ObjectKind;
  /** Unique within its kind. A column, constraint, index, trigger or rule has the name of its table before a dot. */
  readonly key: string;
  /** As PostgreSQL prints it. The first line of a function is its declaration, the others are its body. */
  readonly definition: string;
};

/** An object of the audited database. */
export type FoundObject = SchemaObject & { readonly flaw: Flaw | null };

export const nameOf = ({ kind, key }: SchemaObject): string => `${kind} ${key}`;

/** The table of an object and its own name. The table is empty for a relation, a function or a setting. */
export function splitKey({ kind, key }: SchemaObject): { readonly table: string; readonly own: string } {
  const dot = kind === 'function' ? -1 : key.indexOf('.');
  return dot < 0 ? { table: '', own: key } : { table: key.slice(0, dot), own: key.slice(dot + 1) };
}
