import { visibleText } from '@phaselock/core';

const BEYOND_ASCII = /[\u007f-\u{10ffff}]/gu;

/**
 * JSON in which no character can act on a terminal. JSON escapes the control characters of ASCII; this also escapes the
 * others, and the marks that change the direction of a text. Parsing returns the original text.
 */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(BEYOND_ASCII, (character) =>
    visibleText(character) === character ? character : unitsOf(character).map(escaped).join(''),
  );

const unitsOf = (character: string): number[] =>
  Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
