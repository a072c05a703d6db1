/**
 * What a caller asked of a shared transaction was not done: the transaction failed because of another caller, was
 * committed without this one, or cannot carry the statement. The caller starts again, in a transaction of its own.
 */
export class LeftOut extends Error {
  override readonly name = 'LeftOut';

  constructor(options?: ErrorOptions) {
    super('left out of a shared transaction', options);
  }
}
