export { type MadeKey, makeApiKey, matchesSecret, parseApiKey } from './api-key-secret.ts';
export { bearerIn } from './bearer.ts';
export { isFromHere, isLoopbackHost, refuseForeigners } from './loopback-only.ts';
export type { StoredKey } from './stored-key.ts';
export { type ValidKeys, validKeys } from './valid-keys.ts';
