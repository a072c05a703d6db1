import type { Json, JsonObject } from '../openapi/json-schemas.ts';
import type { OpenApiDocument } from '../openapi/openapi-document.ts';

export type Field = {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly meaning: string;
};

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object at a path; undefined if a step of the path is missing. */
export function schemaAt(from: JsonObject, path: readonly string[]): JsonObject | undefined {
  let at: Json | undefined = from;
  for (const step of path) at = isObject(at) ? at[step] : undefined;
  return isObject(at) ? at : undefined;
}

const REF = '#/components/schemas/';

/** Follows a `$ref` to the schema it refers to. */
export function resolved(schema: JsonObject, document: OpenApiDocument): JsonObject {
  const ref = schema.$ref;
  if (typeof ref !== 'string') return schema;
  const found = schemaAt(document.components, ['schemas', ref.slice(REF.length)]);
  return found === undefined ? schema : resolved(found, document);
}

export function fieldsOf(schema: JsonObject | undefined, document: OpenApiDocument): Field[] {
  if (schema === undefined) return [];
  const { properties, required } = resolved(schema, document);
  if (!isObject(properties)) return [];
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, property]) => {
    const held = isObject(property) ? property : {};
    const described = held.description ?? resolved(held, document).description;
    return {
      name,
      type: typeOf(held, document),
      required: needed.includes(name),
      meaning: typeof described === 'string' ? described : '',
    };
  });
}

function typeOf(schema: JsonObject, document: OpenApiDocument): string {
  if (typeof schema.$ref === 'string') {
    const target = resolved(schema, document);
    const inner = fieldsOf(target, document).map(({ name, required }) => (required ? name : `${name}?`));
    return inner.length === 0 ? typeOf(target, document) : `{ ${inner.join(', ')} }`;
  }
  const { enum: values, anyOf, oneOf, type, items, format, const: only } = schema;
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ');
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices))
    return choices.map((choice) => (isObject(choice) ? typeOf(choice, document) : '')).join(' | ');
  if (Array.isArray(type)) return type.join(' | ');
  if (type === 'array') return `${isObject(items) ? typeOf(items, document) : 'any'}[]`;
  if (type === 'object') {
    const inner = fieldsOf(schema, document).map(({ name, required }) => (required ? name : `${name}?`));
    return inner.length === 0 ? 'object' : `{ ${inner.join(', ')} }`;
  }
  if (typeof format === 'string') return format;
  return typeof type === 'string' ? type : 'any';
}
