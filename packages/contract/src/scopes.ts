/** What a key or a token may do. `admin` may do everything; nothing else implies anything. */
export const SCOPES = [
  'sessions:read',
  'sessions:write',
  'sessions:replace',
  'archive:read',
  'metrics:read',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];
