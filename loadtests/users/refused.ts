import type { Problem } from '@phaselock/contract';

/** A response that is not a success, usually a problem document. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly code: string;
  /** Undefined if the response is not a problem document. */
  readonly problem: Problem | undefined;
  readonly retryAfterMs: number | undefined;
  readonly malformed: string | undefined;

  constructor(said: Pick<Refused, 'status' | 'code' | 'problem' | 'retryAfterMs' | 'malformed'>) {
    super(`${said.status} ${said.code}`);
    this.status = said.status;
    this.code = said.code;
    this.problem = said.problem;
    this.retryAfterMs = said.retryAfterMs;
    this.malformed = said.malformed;
  }
}

/** No complete response arrived, so it is unknown whether the request took effect. */
export class Lost extends Error {
  override readonly name = 'Lost';
}
