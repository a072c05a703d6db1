/**
 * The rights of a key or token. `admin` includes all other scopes; no other scope includes another. `users:name` allows
 * a program to start sessions on behalf of its users.
 */
export const SCOPES = [
  'sessions:read',
  'sessions:write',
  'sessions:replace',
  'users:name',
  'archive:read',
  'metrics:read',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];
