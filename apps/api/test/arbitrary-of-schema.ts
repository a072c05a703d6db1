import type { OpenApiDocument } from '@phaselock/contract';
import fc from 'fast-check';

/** Existing ids by the description of their schema, such as "Id of a task". */
export type KnownIds = ReadonlyMap<string, readonly string[]>;

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

/** Generates values that a schema of the document allows, with existing and unknown ids. */
export function arbitraryOf(given: unknown, document: OpenApiDocument, known: KnownIds): fc.Arbitrary<unknown> {
  const schema = isSchema(given) ? given : {};
  const { $ref, enum: values, const: only, anyOf, oneOf, type } = schema;
  if (typeof $ref === 'string') return arbitraryOf(resolve($ref, document), document, known);
  if (only !== undefined) return fc.constant(only);
  if (Array.isArray(values)) return fc.constantFrom(...values);
  const choices = list(anyOf ?? oneOf);
  if (choices.length > 0) return fc.oneof(...choices.map((choice) => arbitraryOf(choice, document, known)));
  if (Array.isArray(type))
    return fc.oneof(...type.map((one) => arbitraryOf({ ...schema, type: one }, document, known)));
  switch (type) {
    case 'string':
      return stringOf(schema, known);
    case 'integer':
      return fc.oneof(fc.integer({ min: number(schema.minimum, 0), max: number(schema.maximum, 1_000) }), few(schema));
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(arbitraryOf(schema.items, document, known), {
        minLength: number(schema.minItems, 0),
        maxLength: Math.min(number(schema.maxItems, 4), 4),
      });
    case 'object':
      return objectOf(schema, document, known);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Small numbers, because existing generations and page sizes are small. */
const few = ({ minimum }: Schema): fc.Arbitrary<number> =>
  fc.integer({ min: number(minimum, 0), max: number(minimum, 0) + 1 });

const resolve = ($ref: string, { components }: OpenApiDocument): unknown => {
  const { schemas } = components;
  return isSchema(schemas) ? schemas[$ref.slice('#/components/schemas/'.length)] : undefined;
};

function stringOf({ format, description, minLength, maxLength }: Schema, known: KnownIds): fc.Arbitrary<string> {
  const ids = known.get(String(description)) ?? [];
  if (format === 'uuid' && ids.length > 0)
    return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...ids) }, { weight: 1, arbitrary: fc.uuid() });
  if (format === 'uuid') return fc.uuid();
  const bounds = { minLength: number(minLength, 0), maxLength: Math.min(number(maxLength, 60), 60) };
  return fc.oneof(fc.string(bounds), fc.string({ ...bounds, unit: 'grapheme' }), fc.constant('claude-sonnet-4-5'));
}

function objectOf(schema: Schema, document: OpenApiDocument, known: KnownIds): fc.Arbitrary<unknown> {
  if (!isSchema(schema.properties))
    return fc.dictionary(
      fc.string({ minLength: 1, maxLength: 10 }),
      arbitraryOf(schema.additionalProperties, document, known),
      { maxKeys: 3 },
    );
  const properties = Object.entries(schema.properties).map(([name, property]): [string, fc.Arbitrary<unknown>] => [
    name,
    arbitraryOf(property, document, known),
  ]);
  const requiredKeys = list(schema.required).filter((name): name is string => typeof name === 'string');
  return fc.record(Object.fromEntries(properties), { requiredKeys });
}
