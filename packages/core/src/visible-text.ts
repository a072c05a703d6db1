/**
 * Characters that control a terminal or disguise a text: C0 and C1 control characters, bidirectional marks and
 * overrides, line separators, invisible characters and lone surrogates.
 */
const ACTING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern must match control characters
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** Escapes such characters, so that untrusted text can be printed on one terminal line. */
export const visibleText = (text: string): string => text.replaceAll(ACTING, escaped);

/** Escapes such characters in a text of several lines. */
export const visibleLines = (text: string): string => text.split('\n').map(visibleText).join('\n');
