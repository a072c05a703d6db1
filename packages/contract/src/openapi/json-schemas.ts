import { z } from 'zod';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks that a value is JSON, and drops undefined properties. */
function toJson(value: unknown): Json {
  if (Array.isArray(value)) return value.map(toJson);
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, held]) => held !== undefined)
        .map(([key, held]) => [key, toJson(held)]),
    );
  }
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  throw new TypeError('not JSON');
}

export type SchemaCollector = {
  /** The JSON schema of a request (`input`) or of an answer (`output`). */
  schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject;
  /** The named schemas, which other schemas refer to. */
  components(): Record<string, JsonObject>;
};

/**
 * Converts zod schemas to JSON schemas. zod repeats the named schemas under `$defs` of each schema; here each is
 * collected once for the whole document.
 */
export function collectSchemas(): SchemaCollector {
  const named = new Map<string, JsonObject>();
  /** Cache: most operations share their problem and answer schemas. */
  const known = { input: new Map<z.ZodType, JsonObject>(), output: new Map<z.ZodType, JsonObject>() };
  return {
    schemaOf(schema, io) {
      const before = known[io].get(schema);
      if (before !== undefined) return before;
      const made = toJson(
        z.toJSONSchema(schema, {
          io,
          unrepresentable: 'any',
          target: 'draft-2020-12',
          override: ({ jsonSchema }) => tidy(jsonSchema),
        }),
      );
      if (!isObject(made)) throw new TypeError('a schema must be an object');
      const { $schema: _, $defs, ...rest } = made;
      for (const [name, definition] of Object.entries(isObject($defs) ? $defs : {})) keep(name, definition);
      const described = relocate(rest);
      known[io].set(schema, described);
      return described;
    },
    components: () => Object.fromEntries([...named].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };

  function keep(name: string, definition: unknown): void {
    if (!isObject(definition)) return;
    const { id: _, ...bare } = definition;
    const schema = relocate(bare);
    const before = named.get(name);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(schema)) {
      throw new Error(`two different schemas are called ${name}`);
    }
    named.set(name, schema);
  }
}

function relocate(value: Record<string, unknown>): JsonObject {
  const moved = JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'));
  const json = toJson(moved);
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new TypeError('a schema must be an object');
  return Object.fromEntries(Object.entries(json));
}

/** Removes the minimum that every safe integer satisfies, because it carries no information. */
function tidy(schema: Record<string, unknown>): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  delete schema.id;
}
