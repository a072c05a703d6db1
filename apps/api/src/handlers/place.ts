import { PhaselockError } from '@phaselock/core';

/** Encodes the place after which the next page begins, an id or a number, as an opaque cursor. */
export const toCursor = (place: string | number | null): string | null =>
  place === null ? null : Buffer.from(String(place)).toString('base64url');

export function placeOf<Place>(
  cursor: string | undefined,
  parse: (text: string) => Place | undefined,
): { after?: Place } {
  if (cursor === undefined) return {};
  const after = parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (after === undefined)
    throw new PhaselockError('invalid_request', { detail: 'cursor: must be the `next` of an earlier page' });
  return { after };
}

/** Parses an id from a sequence. 15 digits fit into both a bigint of PostgreSQL and a number of JavaScript. */
export const bigNumberPlace = (text: string): number | undefined =>
  /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** The largest integer of PostgreSQL. */
const INTEGER_LIMIT = 2_147_483_647;

export function numberPlace(text: string): number | undefined {
  const value = bigNumberPlace(text);
  return value !== undefined && value <= INTEGER_LIMIT ? value : undefined;
}
