import type { RouteSpec } from './route.ts';

/**
 * How the duration of an operation is classified: `usual` returns one answer, `long` is a stream or download, `probe`
 * is called periodically by monitoring.
 */
export type OperationKind = 'usual' | 'long' | 'probe';

/** An operation that declares media types is a stream or a download. */
export function operationKindOf({ isProbe, answers }: Pick<RouteSpec, 'isProbe' | 'answers'>): OperationKind {
  if (isProbe === true) return 'probe';
  return Object.values(answers).some(({ mediaTypes }) => mediaTypes !== undefined) ? 'long' : 'usual';
}
