import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

const PREFIX_BYTES = 9;
const SECRET_BYTES = 32;
const FORM = /^plk_([A-Za-z0-9_-]{12})_([A-Za-z0-9_-]{43})$/;

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

export type MadeKey = { readonly key: string; readonly prefix: string; readonly secretSha256: Buffer };

/**
 * Creates an API key with a secret of 256 random bits. A plain hash of such a secret is safe to store, because it
 * cannot be guessed. The prefix identifies the row without revealing the secret.
 */
export function makeApiKey(): MadeKey {
  const prefix = randomBytes(PREFIX_BYTES).toString('base64url');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { key: `plk_${prefix}_${secret}`, prefix, secretSha256: sha256(secret) };
}

export function parseApiKey(text: string): { readonly prefix: string; readonly secret: string } | undefined {
  const [, prefix, secret] = FORM.exec(text) ?? [];
  return prefix === undefined || secret === undefined ? undefined : { prefix, secret };
}

export function matchesSecret(secret: string, expected: Buffer): boolean {
  const given = sha256(secret);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
