/** PostgreSQL cannot store half a surrogate pair, and the driver would silently replace it with another character. */
export class UnstorableText extends Error {
  override readonly name = 'UnstorableText';
}

export function refuseUnstorable(values: readonly unknown[]): void {
  for (const value of values) {
    if (typeof value === 'string' && !value.isWellFormed()) throw new UnstorableText('a lone surrogate is not text');
  }
}
