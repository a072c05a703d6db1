import type { RouteSpec } from './route.ts';

/** What an operation is for whoever times it: its answer comes when it is made, goes on as long as it takes, or is one of many to who watches us. */
export type OperationKind = 'usual' | 'long' | 'probe';

/** A stream or a download is known by its media types. */
export function operationKindOf({ isProbe, answers }: Pick<RouteSpec, 'isProbe' | 'answers'>): OperationKind {
  if (isProbe === true) return 'probe';
  return Object.values(answers).some(({ mediaTypes }) => mediaTypes !== undefined) ? 'long' : 'usual';
}
