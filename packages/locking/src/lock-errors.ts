/** Waiting for a slot used up the time for waiting; the reserve for the answer is left. */
export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

/** The caller aborted before it obtained the slot. */
export class LockAborted extends Error {
  override readonly name = 'LockAborted';
}
