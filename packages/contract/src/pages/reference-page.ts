import { errorsOf } from '../errors-of.ts';
import { inReadingOrder } from '../in-reading-order.ts';
import type { Json, JsonObject } from '../openapi/json-schemas.ts';
import type { OpenApiDocument } from '../openapi/openapi-document.ts';
import type { RouteSpec } from '../route.ts';
import { curlExample } from './curl-example.ts';
import { escapeHtml, inlineHtml, pageHtml, proseHtml } from './html.ts';
import { type Field, fieldsOf, schemaAt } from './schema-fields.ts';

/** Renders the OpenAPI document as an HTML page. */
export function referencePage(document: OpenApiDocument): string {
  const routes = inReadingOrder();
  const groups = document.tags.map(({ name, description }) => ({
    name,
    description,
    routes: routes.filter(({ group }) => group === name),
  }));
  const contents = groups.map(
    ({ name, routes: own }) =>
      `<li><a href="#${name}">${escapeHtml(name)}</a><ul>${own.map((route) => `<li><a href="#${route.id}">${escapeHtml(route.summary)}</a></li>`).join('')}</ul></li>`,
  );
  const sections = groups.map(
    ({ name, description, routes: own }) =>
      `<h2 id="${name}">${escapeHtml(name)}</h2><p>${escapeHtml(description)}</p>${own.map((route) => operation(route, document)).join('\n')}`,
  );
  return pageHtml(
    'phaselock: reference',
    `<h1>phaselock</h1>${proseHtml(document.info.description)}
<p><a href="/openapi.json">OpenAPI document</a> · <a href="/errors">Error codes</a></p>
<nav><ul>${contents.join('')}</ul></nav>
${sections.join('\n')}`,
  );
}

function operation(route: RouteSpec, document: OpenApiDocument): string {
  const described = document.paths[route.path]?.[route.method] ?? {};
  return `<h3 id="${route.id}"><span class="method">${route.method.toUpperCase()}</span> <code>${escapeHtml(route.path)}</code></h3>
<p><strong>${escapeHtml(route.summary)}.</strong> ${inlineHtml(route.description ?? '')}</p>
<p class="note">${route.scope === 'none' ? 'Public' : `Scope <code>${route.scope}</code>`} · <code>${route.id}</code></p>
${fieldTable('Parameters', parameterFields(described, document))}
${fieldTable('Body', fieldsOf(schemaAt(described, ['requestBody', 'content', 'application/json', 'schema']), document))}
${answers(described, document)}
<p class="note">Errors: ${errorsOf(route)
    .map((code) => `<a href="/errors/${code}"><code>${code}</code></a>`)
    .join(', ')}</p>
<details><summary>curl</summary><pre>${escapeHtml(curlExample(route, document))}</pre></details>`;
}

const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const objectOf = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};

function parameterFields({ parameters }: JsonObject, document: OpenApiDocument): Field[] {
  return list(parameters).map((parameter) => {
    const { name, in: place, required, description, schema } = objectOf(parameter);
    const [field] = fieldsOf({ type: 'object', properties: { it: schema ?? {} } }, document);
    return {
      name: `${textOf(name)} (${textOf(place)})`,
      type: field?.type ?? '',
      required: required === true,
      meaning: textOf(description),
    };
  });
}

function fieldTable(caption: string, fields: readonly Field[]): string {
  if (fields.length === 0) return '';
  const rows = fields.map(
    ({ name, type, required, meaning }) =>
      `<tr><td><code>${escapeHtml(name)}</code>${required ? '' : ' <span class="note">optional</span>'}</td><td>${escapeHtml(type)}</td><td>${inlineHtml(meaning)}</td></tr>`,
  );
  return `<table><tr><th>${caption}</th><th>Type</th><th>Meaning</th></tr>${rows.join('')}</table>`;
}

function answers({ responses }: JsonObject, document: OpenApiDocument): string {
  return Object.entries(objectOf(responses))
    .filter(([status]) => status.startsWith('2'))
    .map(([status, answer]) => {
      const fields = fieldsOf(schemaAt(objectOf(answer), ['content', 'application/json', 'schema']), document);
      const heading = `<p><strong>${status}</strong> ${escapeHtml(textOf(objectOf(answer).description))}</p>`;
      return heading + fieldTable('Answer', fields);
    })
    .join('\n');
}
