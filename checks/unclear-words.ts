/** A word or form that hides which thing or condition a sentence means. */
export type UnclearWord = { readonly line: number; readonly found: string };

const UNCLEAR: readonly RegExp[] = [
  // No named subject.
  /\b(?:who(?:so|m)?ever|somebody|anybody)\b/i,
  /\b(?:only|all|before|after|that) what\b/i,
  /\bone way to (?:tell|say|put)\b/i,
  // A sentence or a test name that depends on the one before.
  /(?:^|[.:] |\/\/ |\* |['"`])(?:And|Nor) (?=[a-z])/,
  /\btest(?:\.each\(.*\))?\(\s*['"`](?:and|but|nor) /,
  // Archaic forms.
  /\b(?:lest|wherein|whereof|thereby|therein|hereby|hitherto)\b/i,
  /\b(?:is|are|was|were) to (?:be|tell|say)\b/i,
];

/** Finds unclear words in a text, with their lines. */
export function unclearWords(text: string): readonly UnclearWord[] {
  return text.split('\n').flatMap((content, index) =>
    UNCLEAR.flatMap((pattern) => {
      const [found] = pattern.exec(content) ?? [];
      return found === undefined ? [] : [{ line: index + 1, found: found.trim() }];
    }),
  );
}
