import { SourceFailure } from '../source.ts';

export const databaseFailure = (error: unknown): SourceFailure =>
  new SourceFailure(`the database cannot be audited: ${messageOf(error)}`, { cause: error });

/** A refused connection to a host with several addresses has an empty message; the errors per address have one. */
const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
};
