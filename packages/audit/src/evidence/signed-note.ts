import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto';

/**
 * The signed note of transparency logs (C2SP signed-note): a text, an empty line, and a line for each signature. Tools
 * for it exist, so a seal can be checked without phaselock.
 */
export type SigningKey = { readonly name: string; readonly seed: Buffer };
export type VerifyingKey = { readonly name: string; readonly publicKey: Buffer };

const ED25519 = 1;
const KEY_BYTES = 32;
const ID_BYTES = 4;
/** The fixed beginnings of an Ed25519 key in DER. */
const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');
const NAME = /^[^\s+]+$/u;
const SIGNATURE_LINE = /^— (\S+) (\S+)$/u;

export function newSigningKey(name: string): SigningKey {
  if (!NAME.test(name)) throw new Error('the name of a key has no spaces and no plus sign');
  return { name, seed: randomBytes(KEY_BYTES) };
}

const privateKeyOf = ({ seed }: SigningKey): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PRIVATE_DER, seed]), format: 'der', type: 'pkcs8' });

export function verifyingKeyOf(key: SigningKey): VerifyingKey {
  const der = createPublicKey(privateKeyOf(key)).export({ format: 'der', type: 'spki' });
  return { name: key.name, publicKey: der.subarray(PUBLIC_DER.length) };
}

/** Identifies a key among those of the same name. */
const idOf = ({ name, publicKey }: VerifyingKey): Buffer =>
  createHash('sha256').update(`${name}\n`).update(Buffer.of(ED25519)).update(publicKey).digest().subarray(0, ID_BYTES);

const withKind = (bytes: Buffer): string => Buffer.concat([Buffer.of(ED25519), bytes]).toString('base64');

const SECRET = 'PRIVATE+KEY+';

/** Whether a text is a private key, even a damaged one. Such a text must not be printed. */
export const isSecret = (text: string): boolean => text.trimStart().startsWith(SECRET);

export const formatSigningKey = (key: SigningKey): string =>
  `${SECRET}${key.name}+${idOf(verifyingKeyOf(key)).toString('hex')}+${withKind(key.seed)}`;

export const formatVerifyingKey = (key: VerifyingKey): string =>
  `${key.name}+${idOf(key).toString('hex')}+${withKind(key.publicKey)}`;

export function parseSigningKey(text: string): SigningKey | undefined {
  const [, name = '', id = '', encoded = ''] =
    /^PRIVATE\+KEY\+([^\s+]+)\+([\da-f]{8})\+(\S+)$/u.exec(text.trim()) ?? [];
  const seed = keyBytes(encoded);
  if (seed === undefined) return undefined;
  const key = { name, seed };
  return idOf(verifyingKeyOf(key)).toString('hex') === id ? key : undefined;
}

export function parseVerifyingKey(text: string): VerifyingKey | undefined {
  const [, name = '', id = '', encoded = ''] = /^([^\s+]+)\+([\da-f]{8})\+(\S+)$/u.exec(text.trim()) ?? [];
  const publicKey = keyBytes(encoded);
  if (publicKey === undefined) return undefined;
  const key = { name, publicKey };
  return idOf(key).toString('hex') === id ? key : undefined;
}

function keyBytes(encoded: string): Buffer | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.length === 1 + KEY_BYTES && bytes[0] === ED25519 ? bytes.subarray(1) : undefined;
}

/** `text` ends with a newline and has no empty line at its end. */
export function signNote(text: string, key: SigningKey): string {
  if (!text.endsWith('\n')) throw new Error('the text of a note ends with a newline');
  const signature = sign(null, Buffer.from(text, 'utf8'), privateKeyOf(key));
  const encoded = Buffer.concat([idOf(verifyingKeyOf(key)), signature]).toString('base64');
  return `${text}\n— ${key.name} ${encoded}\n`;
}

/** The text of a note without its signatures, which are not checked; undefined if it has none. */
export function noteText(note: string): string | undefined {
  const end = note.lastIndexOf('\n\n');
  return end === -1 ? undefined : note.slice(0, end + 1);
}

/** The text of a note that this key signed; undefined if it did not. Signatures of other keys are left out of account. */
export function openNote(note: string, key: VerifyingKey): string | undefined {
  const text = noteText(note);
  if (text === undefined) return undefined;
  const publicKey = createPublicKey({ key: Buffer.concat([PUBLIC_DER, key.publicKey]), format: 'der', type: 'spki' });
  const isSigned = note
    .slice(text.length + 1)
    .split('\n')
    .some((line) => {
      const [, name, encoded = ''] = SIGNATURE_LINE.exec(line) ?? [];
      const bytes = Buffer.from(encoded, 'base64');
      if (name !== key.name || !bytes.subarray(0, ID_BYTES).equals(idOf(key))) return false;
      return verify(null, Buffer.from(text, 'utf8'), publicKey, bytes.subarray(ID_BYTES));
    });
  return isSigned ? text : undefined;
}
