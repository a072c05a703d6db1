import type { LogFields } from '../log-fields.ts';

/** The trace span of an answered request. */
export type RequestSpan = {
  readonly traceId: string;
  readonly spanId: string;
  /** The id of the caller’s span; undefined if the trace began here. */
  readonly parentId: string | undefined;
  readonly method: string;
  /** The path template of the contract; undefined if the request matches no operation. */
  readonly route: string | undefined;
  readonly operation: string;
  readonly path: string;
  readonly status: number;
  readonly endedAtMs: number;
  readonly tookMs: number;
  /** The log fields of the request. */
  readonly fields: LogFields;
};
