import type { ErrorCode } from '@phaselock/core';
import type { RouteSpec } from './route.ts';

const takesBody = ({ body, line }: RouteSpec): boolean => body !== undefined || line !== undefined;

/**
 * Every code that a route can return: its own, those common to all routes, and those that its properties add, such as
 * `payload_too_large` for a body.
 */
export function errorsOf(route: RouteSpec): ErrorCode[] {
  const { scope, params, query, errors } = route;
  if (scope === 'none') return ['unexpected'];
  const codes: ErrorCode[] = [...errors, 'unauthorized', 'forbidden'];
  if (route.neverShed !== true) codes.push('rate_limited', 'too_many_open_answers', 'overloaded');
  const takesInput = params !== undefined || query !== undefined || takesBody(route);
  if (takesInput || route.takesIdempotencyKey || route.takesIfMatch) codes.push('invalid_request');
  if (takesBody(route)) codes.push('payload_too_large', 'unsupported_media_type', 'request_timeout');
  codes.push('backend_unavailable', 'storage_full', 'unexpected', ...notFoundIn(route));
  return [...new Set(codes)];
}

/**
 * The codes such as `task_not_found` for the ids in a request. Any id can lead to one, because a resource that the
 * caller has no access to is reported as not found.
 */
function notFoundIn({ params, query, body }: RouteSpec): ErrorCode[] {
  const names = [params, query, body].flatMap((schema) =>
    schema !== undefined && 'shape' in schema && typeof schema.shape === 'object' && schema.shape !== null
      ? Object.keys(schema.shape)
      : [],
  );
  const found: ErrorCode[] = [];
  if (names.includes('projectId')) found.push('project_not_found');
  if (names.includes('taskId') || names.includes('taskIds')) found.push('task_not_found');
  if (names.includes('sessionId') || names.includes('sessionIds')) found.push('session_not_found');
  if (names.includes('attemptId')) found.push('attempt_not_found');
  return found;
}
