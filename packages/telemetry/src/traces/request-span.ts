import type { LogFields } from '../log-fields.ts';

/** One request that was answered, as a trace shows it. */
export type RequestSpan = {
  readonly traceId: string;
  readonly spanId: string;
  /** Of the caller's span; undefined where the trace began here. */
  readonly parentId: string | undefined;
  readonly method: string;
  /** The path as the contract has it; undefined where there is no such operation. */
  readonly route: string | undefined;
  readonly operation: string;
  readonly path: string;
  readonly status: number;
  readonly endedAtMs: number;
  readonly tookMs: number;
  /** What the log lines of the request have. */
  readonly fields: LogFields;
};
