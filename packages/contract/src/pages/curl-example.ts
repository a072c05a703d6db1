import type { Json, JsonObject } from '../openapi/json-schemas.ts';
import type { OpenApiDocument } from '../openapi/openapi-document.ts';
import type { RouteSpec } from '../route.ts';
import { resolved, schemaAt } from './schema-fields.ts';

const ORIGIN = 'http://127.0.0.1:4700';
const AN_ID = '01936f6e-0000-7000-8000-000000000000';

/** An example call with only the required parameters and fields, to keep it readable. */
export function curlExample(route: RouteSpec, document: OpenApiDocument): string {
  const described = document.paths[route.path]?.[route.method] ?? {};
  const body = schemaAt(described, ['requestBody', 'content', 'application/json', 'schema']);
  const lines = [
    `curl ${route.method === 'get' ? '' : `-X ${route.method.toUpperCase()} `}${ORIGIN}${route.path.replaceAll(/\{\w+\}/g, AN_ID)}${queryOf(described, document)}`,
  ];
  if (route.scope !== 'none') lines.push("-H 'Authorization: Bearer plk_…'");
  if (body !== undefined)
    lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(sample(body, document))}'`);
  if (route.line !== undefined)
    lines.push("-H 'Content-Type: application/x-ndjson'", `--data-binary '{"kind":"stdout","line":"hello"}'`);
  return lines.join(' \\\n  ');
}

function queryOf({ parameters }: JsonObject, document: OpenApiDocument): string {
  const needed = (Array.isArray(parameters) ? parameters : []).flatMap((parameter: Json) => {
    if (typeof parameter !== 'object' || parameter === null || Array.isArray(parameter)) return [];
    const { name, in: place, required, schema } = Object.fromEntries(Object.entries(parameter));
    if (place !== 'query' || required !== true || typeof name !== 'string') return [];
    return [`${name}=${String(sample(isObject(schema) ? schema : {}, document))}`];
  });
  return needed.length === 0 ? '' : `?${needed.join('&')}`;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function sample(given: JsonObject, document: OpenApiDocument): Json {
  const schema = resolved(given, document);
  const { example, enum: values, const: only, anyOf, oneOf, type, format, properties, required, items } = schema;
  if (example !== undefined) return example;
  if (only !== undefined) return only;
  if (Array.isArray(values) && values[0] !== undefined) return values[0];
  const [first] = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];
  if (isObject(first)) return sample(first, document);
  if (isObject(properties)) {
    const needed = Array.isArray(required) ? required : [];
    return Object.fromEntries(
      Object.entries(properties)
        .filter(([name]) => needed.includes(name))
        .map(([name, property]) => [name, isObject(property) ? sample(property, document) : null]),
    );
  }
  if (type === 'array') return isObject(items) ? [sample(items, document)] : [];
  if (format === 'uuid') return AN_ID;
  if (type === 'integer' || type === 'number') return 1;
  return type === 'boolean' ? true : 'text';
}
