/** The content of an object is not an archive document, or not a complete one. */
export class InvalidDocument extends Error {
  override readonly name = 'InvalidDocument';
}
