import { GROUPS } from '../groups.ts';
import { inReadingOrder } from '../in-reading-order.ts';
import { change } from '../schemas/history.ts';
import { describeOperation } from './describe-operation.ts';
import { collectSchemas, type JsonObject } from './json-schemas.ts';

export type OpenApiDocument = {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly JsonObject[];
  readonly security: readonly JsonObject[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
  readonly components: JsonObject;
};

const DESCRIPTION = `One live coding-agent session for each phase of a task. The same model resumes the session; a changed model replaces it after a confirmation.

**Access.** \`Authorization: Bearer <key>\`. Each operation names the scope it needs; \`admin\` includes all scopes. A key may belong to one project: resources of other projects are then reported as not found.

**Problems.** Refusals and failures are \`application/problem+json\` with a stable \`code\`; \`title\` is the text for the user, \`type\` the page that explains the code. \`retryable\` and \`Retry-After\` state whether the same call may succeed later.

**Questions.** A changed model leads to a problem that contains \`confirm\`. The same request with that \`confirm\` replaces the session that was shown, and no other.

**Idempotency.** With an \`Idempotency-Key\` a repeated call returns the answer of the first call. \`If-Match\` limits a change to the version that an \`ETag\` named.

**Pages.** \`next\` is the \`cursor\` of the next page; null on the last page.

**Links.** The answers name the operations that may follow, and where the answer contains the values they need.

**Older names.** plan was \`createWithAgent\`, run was \`assignToAgent\`, verify was \`verifyWithAgent\`; these names are accepted wherever a phase is expected.`;

/** Builds the OpenAPI document from the routes alone. */
export function openApiDocument({ version }: { readonly version: string }): OpenApiDocument {
  const schemas = collectSchemas();
  const paths: Record<string, Record<string, JsonObject>> = {};
  const routes = inReadingOrder();
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: describeOperation(route, routes, schemas) };
  }
  schemas.schemaOf(change, 'output');
  return {
    openapi: '3.1.0',
    info: { title: 'phaselock', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    tags: Object.entries(GROUPS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key, or an OIDC bearer token' } },
      schemas: schemas.components(),
    },
  };
}
