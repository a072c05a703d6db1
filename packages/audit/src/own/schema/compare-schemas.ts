import { repairOf } from './repair-object.ts';
import { FLAWS, type FoundObject, nameOf, type SchemaObject, splitKey } from './schema-object.ts';

/** How an object of the audited database differs from what the migrations make. */
export type Deviation = {
  /** Kind and key of the object. */
  readonly object: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly expected: string | null;
  readonly actual: string | null;
  readonly repair: string | null;
};

/**
 * Compares the objects that the migrations make with the ones that were found. Objects beside them are accepted unless
 * they change rows, hide rows, or take calls away from a function of the migrations.
 */
export function compareSchemas(expected: readonly SchemaObject[], found: readonly FoundObject[]): Deviation[] {
  const foundByName = new Map(found.map((one) => [nameOf(one), one]));
  const expectedNames = new Set(expected.map(nameOf));
  const beside = found.filter((one) => !expectedNames.has(nameOf(one)));
  const isMissing = (one: SchemaObject): boolean => !foundByName.has(nameOf(one));
  // A missing relation is one deviation; its columns and everything else of it are not listed again.
  const missingRelations = new Set(expected.filter((one) => isRelation(one) && isMissing(one)).map(({ key }) => key));
  const renamed = new Set<FoundObject>();
  const deviations = expected.flatMap((one): readonly Deviation[] => {
    const there = foundByName.get(nameOf(one));
    if (there !== undefined) return differenceOf(one, there);
    if (missingRelations.has(splitKey(one).table)) return [];
    const twin = beside.find((other) => isTwin(one, other));
    if (twin === undefined) return [missing(one)];
    renamed.add(twin);
    return [underAnotherName(one, twin)];
  });
  return [...deviations, ...beside.filter((one) => !renamed.has(one)).flatMap(unexpected)];
}

const isRelation = ({ kind }: SchemaObject): boolean => kind === 'table' || kind === 'view' || kind === 'type';

/** Whether an object acts on the same table in the same way under another name. */
function isTwin(one: SchemaObject, other: FoundObject): boolean {
  if (one.kind !== 'constraint' && one.kind !== 'index' && one.kind !== 'trigger') return false;
  const [mine, theirs] = [splitKey(one), splitKey(other)];
  // Indexes and triggers are printed with their name.
  const unnamed = ({ definition }: SchemaObject, name: string): string => definition.replace(` ${name} `, ' ');
  return (
    one.kind === other.kind &&
    mine.table === theirs.table &&
    other.flaw === null &&
    unnamed(one, mine.own) === unnamed(other, theirs.own)
  );
}

const missing = (one: SchemaObject): Deviation => ({
  object: nameOf(one),
  severity: 'error',
  message: `it is missing; the migrations define it as ${headOf(one)}`,
  expected: headOf(one),
  actual: null,
  repair: repairOf(one, undefined),
});

const underAnotherName = (one: SchemaObject, twin: FoundObject): Deviation => ({
  object: nameOf(one),
  severity: 'warning',
  message: `it acts under another name, ${splitKey(twin).own}; the service and later migrations know only its own name`,
  expected: headOf(one),
  actual: headOf(twin),
  repair: null,
});

function differenceOf(one: SchemaObject, there: FoundObject): Deviation[] {
  const change = one.definition === there.definition ? undefined : changeOf(one, there);
  if (change === undefined && there.flaw === null) return [];
  const faults = [...(change === undefined ? [] : [change.message]), ...flawOf(there)];
  return [
    {
      object: nameOf(one),
      severity: 'error',
      message: faults.join('; and '),
      expected: change?.expected ?? headOf(one),
      actual: change?.actual ?? `${headOf(there)}, but it ${flawWords(there)}`,
      repair: repairOf(one, there),
    },
  ];
}

const flawWords = ({ flaw }: FoundObject): string => (flaw === null ? '' : FLAWS[flaw]);
const flawOf = (found: FoundObject): string[] => (found.flaw === null ? [] : [`it ${flawWords(found)}`]);

type Change = { readonly message: string; readonly expected: string; readonly actual: string };

/** Of a definition with several lines, only the first line that differs is shown. */
function changeOf(one: SchemaObject, there: SchemaObject): Change {
  const [mine, theirs] = [one.definition.split('\n'), there.definition.split('\n')];
  const at = mine.findIndex((line, index) => line !== theirs[index]);
  const line = at < 0 ? mine.length : at;
  if (mine.length === 1 || (one.kind === 'function' && line === 0)) {
    const [expected, actual] = [headOf(one), headOf(there)];
    return { message: `it is defined as ${actual}; the migrations define it as ${expected}`, expected, actual };
  }
  const [expected, actual] = quotedApart(mine[line], theirs[line]);
  // The declaration of a function is not a line of its body.
  const where = one.kind === 'function' ? `line ${line} of its body` : `line ${line + 1} of it`;
  return { message: `${where}: ${actual}; in the migrations: ${expected}`, expected, actual };
}

/** Two lines in quotes; without their indentation, unless they differ only in white space. */
function quotedApart(one: string | undefined, other: string | undefined): [string, string] {
  const exact = one?.trim() === other?.trim();
  const quoted = (line: string | undefined): string =>
    line === undefined ? 'none' : `"${exact ? line : line.trim()}"`;
  return [quoted(one), quoted(other)];
}

/** A definition in one line; of a function its declaration, of a view its first line. */
function headOf({ kind, definition }: SchemaObject): string {
  const [first = ''] = kind === 'function' || kind === 'view' ? definition.split('\n') : [definition];
  return first.replaceAll(/\s+/g, ' ').trim();
}

/** Objects that the migrations do not make. */
function unexpected(one: FoundObject): Deviation[] {
  const told = (message: string, severity: Deviation['severity'] = 'error'): Deviation[] => [
    {
      object: nameOf(one),
      severity,
      message: [message, ...flawOf(one)].join('; '),
      expected: null,
      actual: headOf(one),
      repair: null,
    },
  ];
  const head = headOf(one);
  switch (one.kind) {
    case 'trigger':
      return told(`the migrations do not make it, and a trigger can change what is written: ${head}`);
    case 'rule':
      return told(`the migrations do not make it, and a rule replaces the statements on its table: ${head}`);
    case 'row-level security':
      return told(`it is ${head}: policies that the migrations do not make hide rows from readers and refuse writes`);
    case 'inheritance':
      return told(`the table ${head}: a query of the parent also returns the rows of the child`);
    case 'setting':
      return one.key.includes(' of role ')
        ? told('it is replica: no trigger and no foreign key acts on what this role writes', 'warning')
        : told('it is replica: no trigger and no foreign key acts on what is written');
    case 'constraint':
      // Other constraints only refuse rows.
      return / ON (?:DELETE|UPDATE) (?:CASCADE|SET )/.test(one.definition)
        ? told(`the migrations do not make it, and it deletes or changes rows of its table: ${head}`)
        : [];
    case 'index':
      // A valid one only makes reading faster or refuses rows.
      return one.flaw === null ? [] : told('the migrations do not make it', 'warning');
    case 'function':
      return told(`the migrations do not make it, and calls of the function with the same name may reach it: ${head}`);
    case 'table':
    case 'view':
    case 'type':
    case 'column':
      return [];
  }
}
