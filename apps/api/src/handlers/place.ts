import { PhaselockError } from '@phaselock/core';

/** A cursor is the place after which the next page begins: an id, or a number. What it looks like is nobody's business but ours. */
export const toCursor = (place: string | number | null): string | null =>
  place === null ? null : Buffer.from(String(place)).toString('base64url');

export function placeOf<Place>(
  cursor: string | undefined,
  parse: (text: string) => Place | undefined,
): { after?: Place } {
  if (cursor === undefined) return {};
  const after = parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (after === undefined)
    throw new PhaselockError('invalid_request', { detail: 'cursor: not one of an earlier page' });
  return { after };
}

/** Ids that count up: 15 digits are less than either PostgreSQL's bigint or a number of JavaScript holds. */
export const bigNumberPlace = (text: string): number | undefined =>
  /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** PostgreSQL's integers end there. */
const INTEGER_LIMIT = 2_147_483_647;

export function numberPlace(text: string): number | undefined {
  const value = bigNumberPlace(text);
  return value !== undefined && value <= INTEGER_LIMIT ? value : undefined;
}
