/**
 * What makes a terminal do something, or shows a text other than it is: control characters of both sets, marks and overrides of direction,
 * separators of lines, invisible characters, and halves of characters.
 */
const ACTING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** A text of somebody else as it can be printed within a line at a terminal: what would act is shown. */
export const visibleText = (text: string): string => text.replaceAll(ACTING, escaped);

/** The same for a text of several lines. */
export const visibleLines = (text: string): string => text.split('\n').map(visibleText).join('\n');
