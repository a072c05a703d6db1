/** PostgreSQL has no place for half a character, and the driver would write another one instead without a word. */
export class UnstorableText extends Error {
  override readonly name = 'UnstorableText';
}

export function refuseUnstorable(values: readonly unknown[]): void {
  for (const value of values) {
    if (typeof value === 'string' && !value.isWellFormed()) throw new UnstorableText('a lone surrogate is not text');
  }
}
