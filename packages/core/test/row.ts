export type Scalar = string | number | boolean | null;

/**
 * One object of a vector file, read field by field. A field of an unexpected type, or one that is never read, is an
 * error.
 */
export class Row {
  readonly #where: string;
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #unread: Set<string>;

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new TypeError(`${where}: not an object`);
    this.#where = where;
    this.#fields = new Map(Object.entries(value));
    this.#unread = new Set(this.#fields.keys());
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  /** The raw value; the caller checks its type. */
  take(name: string): unknown {
    if (!this.#fields.has(name)) throw new TypeError(`${this.#where}.${name}: missing`);
    this.#unread.delete(name);
    return this.#fields.get(name);
  }

  text(name: string): string {
    return this.#checked(name, isText);
  }

  number(name: string): number {
    return this.#checked(name, isNumber);
  }

  flag(name: string): boolean {
    return this.#checked(name, isFlag);
  }

  textOrNull(name: string): string | null {
    return this.#checked(name, (value) => value === null || isText(value));
  }

  numberOrNull(name: string): number | null {
    return this.#checked(name, (value) => value === null || isNumber(value));
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const found = choices.find((choice) => choice === this.take(name));
    if (found === undefined) throw new TypeError(`${this.#where}.${name}: not one of ${choices.join(', ')}`);
    return found;
  }

  texts(name: string): readonly string[] {
    return this.#checked(name, (value): value is string[] => Array.isArray(value) && value.every(isText));
  }

  /** A text, or its UTF-16 code units if JSON cannot represent it. */
  textOrCodeUnits(name: string): string {
    if (!this.has('codeUnits')) return this.text(name);
    const isUnits = (value: unknown): value is number[] => Array.isArray(value) && value.every(isNumber);
    return String.fromCharCode(...this.#checked('codeUnits', isUnits));
  }

  row(name: string): Row {
    return new Row(this.take(name), `${this.#where}.${name}`);
  }

  rows(name: string): readonly Row[] {
    const list = this.#checked(name, (value): value is unknown[] => Array.isArray(value));
    return list.map((value, at) => new Row(value, `${this.#where}.${name}[${at}]`));
  }

  names(): readonly string[] {
    return [...this.#fields.keys()];
  }

  /** All fields; every value must be a scalar. */
  flat(): Readonly<Record<string, Scalar>> {
    return Object.fromEntries(this.names().map((name) => [name, this.#checked(name, isScalar)]));
  }

  done(): void {
    if (this.#unread.size > 0) throw new TypeError(`${this.#where}: unread fields ${[...this.#unread].join(', ')}`);
  }

  #checked<Value>(name: string, is: (value: unknown) => value is Value): Value {
    const value = this.take(name);
    if (!is(value)) throw new TypeError(`${this.#where}.${name}: unexpected ${JSON.stringify(value)}`);
    return value;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isScalar = (value: unknown): value is Scalar =>
  value === null || isText(value) || isNumber(value) || isFlag(value);

/** Reads the rows of one section. Each row needs a `because` sentence that is unique in the section. */
export function readSection<Value extends { readonly because: string }>(
  file: unknown,
  section: string,
  read: (row: Row) => Value,
): readonly Value[] {
  const values = new Row(file, 'file').rows(section).map((row) => {
    const value = read(row);
    row.done();
    return value;
  });
  const sentences = new Set(values.map(({ because }) => because));
  if (sentences.size !== values.length || sentences.has(''))
    throw new TypeError(`${section}: a sentence is repeated or empty`);
  return values;
}

/** Asserts that a value is present. */
export function must<Value>(value: Value | undefined | null, what: string): Value {
  if (value === undefined || value === null) throw new TypeError(`${what}: missing`);
  return value;
}
