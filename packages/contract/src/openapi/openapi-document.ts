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

const DESCRIPTION = `One live coding-agent session for each phase of a task. The same model resumes; a changed model is asked about, and then replaces.

**Access.** \`Authorization: Bearer <key>\`. Each operation names the scope it needs; \`admin\` has them all. A key may belong to one project: then everything else looks as if it were not there.

**Problems.** What is refused or fails is \`application/problem+json\` with a stable \`code\`; \`title\` is the text for the user, \`type\` the page that explains it. \`retryable\` and \`Retry-After\` say whether the same call may succeed later.

**Questions.** A changed model is a problem that carries \`confirm\`: sent back in the same request it replaces what was shown, and nothing else.

**Once.** With an \`Idempotency-Key\` a repeated call answers what the first one did. \`If-Match\` binds a change to the version an \`ETag\` told.

**Pages.** \`next\` is the \`cursor\` of the next page; null on the last one.

**Links.** The answers name the operations that may follow, and where what they ask for stands in the answer.

**Older names.** plan was \`createWithAgent\`, run was \`assignToAgent\`, verify was \`verifyWithAgent\`; wherever a phase is asked for they are read as well.`;

const GROUPS: Readonly<Record<string, string>> = {
  Sessions: 'Start, look at, end and export sessions',
  Turns: 'What a runner does with a session: one process of the agent at a time',
  Board: 'Projects, their tasks, and the attempts at them',
  Catalogue: 'The models and profiles there are to choose from',
  Announcements: 'What users are told of the rollout',
  Administration: 'Keys, flags, rollouts',
  Service: 'For whoever runs it',
};

/** The contract as the world reads it, made from the routes and nothing else. */
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
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key, or a token of the issuer' } },
      schemas: schemas.components(),
    },
  };
}
