import type { Problem } from '@phaselock/contract';

/** What a service told with a problem, whatever the request was. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly code: string;
  /** Undefined for an answer that is no problem document. */
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

/** No whole answer came: it is not known whether anything was done. */
export class Lost extends Error {
  override readonly name = 'Lost';
}
