import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

const keyFrom = (credential: string, salt: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', credential, salt, 'phaselock new api key', KEY_BYTES));

/**
 * Encrypts a new API key with the credential of the request that created it, so that a repeated request can return the
 * key again. Only a hash of that credential is stored, so the database alone does not reveal the key.
 */
export function sealSecret(credential: string, secret: string): string {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyFrom(credential, salt), nonce);
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), text]).toString('base64url');
}

/** Returns undefined if the secret was sealed with another credential. */
export function openSecret(credential: string | null, sealed: string | null): string | undefined {
  if (credential === null || sealed === null) return undefined;
  const bytes = Buffer.from(sealed, 'base64url');
  const salt = bytes.subarray(0, SALT_BYTES);
  const nonce = bytes.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
  const tag = bytes.subarray(SALT_BYTES + NONCE_BYTES, SALT_BYTES + NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv(CIPHER, keyFrom(credential, salt), nonce);
    decipher.setAuthTag(tag);
    const text = decipher.update(bytes.subarray(SALT_BYTES + NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
