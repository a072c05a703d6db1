/** What a key or a token may do. `admin` may do everything; nothing else implies anything. `users:name` is for a program that asks for its users. */
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
