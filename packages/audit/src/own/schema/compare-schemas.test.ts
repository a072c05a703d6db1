import { describe, expect, test } from 'vitest';
import { compareSchemas, type Deviation } from './compare-schemas.ts';
import type { FoundObject, ObjectKind, SchemaObject } from './schema-object.ts';

const object = (kind: ObjectKind, key: string, definition: string): SchemaObject => ({ kind, key, definition });

const ONE_LIVE = object('index', 's.one_live', 'CREATE UNIQUE INDEX one_live ON s USING btree (task_id) WHERE guarded');
const CHECKED = object('constraint', 's.s_check', 'CHECK ((generation >= 0))');
const KEPT = object('trigger', 's.kept', 'CREATE TRIGGER kept AFTER DELETE ON s EXECUTE FUNCTION refuse()');
const REFUSE = object('function', 'refuse()', '() returns trigger language plpgsql volatile\n\nbegin\n  raise;\nend');
const MADE: readonly SchemaObject[] = [
  object('table', 's', 'a table'),
  object('column', 's.generation', 'bigint not null'),
  ONE_LIVE,
  CHECKED,
  KEPT,
  REFUSE,
];

const acting = (one: SchemaObject): FoundObject => ({ ...one, flaw: null });
const without = (...gone: readonly SchemaObject[]): FoundObject[] =>
  MADE.filter((one) => !gone.includes(one)).map(acting);
/** The schema with one object in place of the made one with the same name. */
const having = (changed: SchemaObject, flaw: FoundObject['flaw'] = null): FoundObject[] => [
  ...MADE.filter(({ kind, key }) => kind !== changed.kind || key !== changed.key).map(acting),
  { ...changed, flaw },
];
const only = (found: readonly FoundObject[]): Deviation => {
  const [first, ...others] = compareSchemas(MADE, found);
  if (first === undefined) throw new Error('there is no deviation');
  expect(others).toEqual([]);
  return first;
};

test('the schema that the migrations make has no deviation', () => {
  expect(compareSchemas(MADE, MADE.map(acting))).toEqual([]);
});

describe('an object of the migrations', () => {
  test('is missing, with the definition that it should have', () => {
    expect(only(without(ONE_LIVE))).toEqual({
      object: 'index s.one_live',
      severity: 'error',
      message: `it is missing; the migrations define it as ${ONE_LIVE.definition}`,
      expected: ONE_LIVE.definition,
      actual: null,
      repair: 'CREATE UNIQUE INDEX CONCURRENTLY one_live ON s USING btree (task_id) WHERE guarded',
    });
  });

  test('is defined in another way, with both definitions', () => {
    const changed = object('column', 's.generation', 'integer');
    expect(only(having(changed))).toMatchObject({
      object: 'column s.generation',
      message: 'it is defined as integer; the migrations define it as bigint not null',
      expected: 'bigint not null',
      actual: 'integer',
      repair: null,
    });
  });

  test('is defined as expected, but does not act', () => {
    expect(only(having(KEPT, 'disabled'))).toMatchObject({
      message: 'it is disabled',
      actual: `${KEPT.definition}, but it is disabled`,
      repair: 'ALTER TABLE s ENABLE TRIGGER kept',
    });
    expect(only(having(CHECKED, 'unchecked')).repair).toBe('ALTER TABLE s VALIDATE CONSTRAINT s_check');
    expect(only(having(ONE_LIVE, 'unfinished')).repair).toBe('REINDEX INDEX CONCURRENTLY one_live');
  });

  test('is defined in another way and does not act either', () => {
    const looser = object('constraint', 's.s_check', 'CHECK (true)');
    expect(only(having(looser, 'unchecked'))).toMatchObject({
      message:
        'it is defined as CHECK (true); the migrations define it as CHECK ((generation >= 0)); and it is NOT VALID: the rows that were written before it were never checked',
      repair: 'ALTER TABLE s DROP CONSTRAINT s_check, ADD CONSTRAINT s_check CHECK ((generation >= 0))',
    });
  });

  test('is a function, of which the first different line is shown', () => {
    const silent = object('function', 'refuse()', REFUSE.definition.replace('  raise;', '  return null;'));
    expect(only(having(silent))).toMatchObject({
      object: 'function refuse()',
      message: 'line 3 of its body: "return null;"; in the migrations: "raise;"',
    });
    const definer = object('function', 'refuse()', REFUSE.definition.replace('volatile', 'volatile security definer'));
    expect(only(having(definer)).message).toBe(
      'it is defined as () returns trigger language plpgsql volatile security definer; the migrations define it as () returns trigger language plpgsql volatile',
    );
    const longer = object('function', 'refuse()', `${REFUSE.definition}\n-- more`);
    expect(only(having(longer)).message).toBe('line 5 of its body: "-- more"; in the migrations: none');
    const shorter = object('function', 'refuse()', REFUSE.definition.replace('\nend', ''));
    expect(only(having(shorter)).message).toBe('line 4 of its body: none; in the migrations: "end"');
    const indented = object('function', 'refuse()', REFUSE.definition.replace('  raise;', 'raise;'));
    expect(only(having(indented)).message).toBe('line 3 of its body: "raise;"; in the migrations: "  raise;"');
  });

  test('that acts under another name is a warning, and is not reported as unexpected', () => {
    const renamed = object('index', 's.single', ONE_LIVE.definition.replace('one_live', 'single'));
    expect(only([...without(ONE_LIVE), acting(renamed)])).toMatchObject({
      object: 'index s.one_live',
      severity: 'warning',
      message: 'it acts under another name, single; the service and later migrations know only its own name',
    });
    const trigger = object('trigger', 's.held', KEPT.definition.replace('kept', 'held'));
    expect(only([...without(KEPT), acting(trigger)])).toMatchObject({ object: 'trigger s.kept', severity: 'warning' });
    // One that does not act replaces nothing.
    const deviations = compareSchemas(MADE, [...without(KEPT), { ...trigger, flaw: 'disabled' }]);
    expect(deviations.map(({ severity }) => severity)).toEqual(['error', 'error']);
  });

  test('on a missing table is not reported beside the table', () => {
    expect(only([acting(REFUSE)])).toMatchObject({ object: 'table s', message: expect.stringContaining('missing') });
  });
});

describe('an object beside those of the migrations', () => {
  test.each<[ObjectKind, string, string, string]>([
    ['trigger', 's.extra', 'CREATE TRIGGER extra BEFORE UPDATE ON s EXECUTE FUNCTION f()', 'a trigger can change what'],
    ['rule', 's.quiet', 'CREATE RULE quiet AS ON DELETE TO s DO INSTEAD NOTHING;', 'a rule replaces the statements'],
    ['row-level security', 's', 'enabled', 'hide rows from readers'],
    ['inheritance', 's.old', 'has the child old', 'the table has the child old: a query of the parent'],
    ['setting', 'session_replication_role of the database', 'replica', 'no trigger and no foreign key acts'],
    ['function', 'refuse(text)', '(text) returns text language sql\nselect 1', 'calls of the function with the same'],
    ['constraint', 's.gone', 'FOREIGN KEY (id) REFERENCES t(id) ON DELETE CASCADE', 'it deletes or changes rows'],
  ])('is an error if it is a %s', (kind, key, definition, said) => {
    const extra = acting(object(kind, key, definition));
    expect(only([...MADE.map(acting), extra])).toMatchObject({
      object: `${kind} ${key}`,
      severity: 'error',
      message: expect.stringContaining(said),
      expected: null,
      actual: definition.split('\n')[0],
    });
  });

  test('is a warning if it is an index that is not valid, or a setting of one role', () => {
    const index = object('index', 's.s_pkey_ccnew', 'CREATE INDEX s_pkey_ccnew ON s USING btree (id)');
    expect(only([...MADE.map(acting), { ...index, flaw: 'unfinished' }])).toMatchObject({
      severity: 'warning',
      message:
        'the migrations do not make it; it is not valid: its creation failed, was interrupted or is still running',
    });
    const setting = object('setting', 'session_replication_role of role loader', 'replica');
    expect(only([...MADE.map(acting), acting(setting)])).toMatchObject({ severity: 'warning' });
  });

  test.each<[ObjectKind, string, string]>([
    ['table', 'notes', 'a table'],
    ['view', 'recent', 'SELECT 1'],
    ['type', 'pair', 'a composite type'],
    ['column', 's.note', 'text'],
    ['index', 's.by_note', 'CREATE INDEX by_note ON s USING btree (note)'],
    ['constraint', 's.s_note_check', "CHECK ((note <> ''::text))"],
    ['constraint', 's.s_note_fkey', 'FOREIGN KEY (note) REFERENCES notes(id)'],
  ])('is accepted if it is a %s (%s) that neither changes nor hides rows', (kind, key, definition) => {
    expect(compareSchemas(MADE, [...MADE.map(acting), acting(object(kind, key, definition))])).toEqual([]);
  });
});
