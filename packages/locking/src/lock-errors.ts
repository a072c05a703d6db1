/** Waiting for a slot took all the time there was for waiting; some is left to say so. */
export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

/** The caller gave up before the slot was its own. */
export class LockAborted extends Error {
  override readonly name = 'LockAborted';
}
