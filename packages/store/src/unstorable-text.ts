/**
 * A text contains half a surrogate pair. PostgreSQL cannot store it, and the driver would silently replace that half
 * with another character.
 */
export class UnstorableText extends Error {
  override readonly name = 'UnstorableText';
}

/**
 * Throws if a value is such a text. `Database` checks the parameters of its statements; a statement sent through
 * Kysely is not checked, so the function that sends it must check texts of users itself.
 */
export function refuseUnstorable(values: readonly unknown[]): void {
  for (const value of values) {
    if (typeof value === 'string' && !value.isWellFormed()) throw new UnstorableText('a lone surrogate is not text');
  }
}
