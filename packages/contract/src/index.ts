export { ApiProblem } from './client/api-problem.ts';
export { type Client, type ClientOptions, createClient } from './client/create-client.ts';
export { eachItem } from './client/each-item.ts';
export { type ReceivedChange, readChanges } from './client/read-changes.ts';
export { errorsOf } from './errors-of.ts';
export { compareDocuments } from './openapi/compare-documents.ts';
export { type OpenApiDocument, openApiDocument } from './openapi/openapi-document.ts';
export { type OperationKind, operationKindOf } from './operation-kind.ts';
export { ERROR_CODES, errorPageHtml, errorPageIndex, isErrorCode } from './pages/error-pages.ts';
export { referencePage } from './pages/reference-page.ts';
export {
  type AnswerOf,
  type AnswerSpec,
  type BodyFor,
  type BodyOf,
  DEFAULT_BODY_LIMIT,
  type Method,
  type ParamsFor,
  type ParamsOf,
  type QueryFor,
  type QueryOf,
  type RouteSpec,
} from './route.ts';
export { type OperationId, ROUTES, type Routes } from './routes.ts';
export { PROBLEM_MEDIA_TYPE, type Problem, problemType } from './schemas/problem.ts';
export { slotFilterOf, slotOf } from './schemas/slot.ts';
export { SCOPES, type Scope } from './scopes.ts';
