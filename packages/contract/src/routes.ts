import type { RouteSpec } from './route.ts';
import * as admin from './routes/admin.ts';
import * as announcements from './routes/announcements.ts';
import * as archives from './routes/archives.ts';
import * as board from './routes/board.ts';
import * as service from './routes/service.ts';
import * as sessions from './routes/sessions.ts';
import * as starts from './routes/starts.ts';
import * as turns from './routes/turns.ts';

/** All operations by name. The OpenAPI document, the server and the client are built from this. */
export const ROUTES = {
  ...starts,
  ...sessions,
  ...turns,
  ...archives,
  ...board,
  ...announcements,
  ...admin,
  ...service,
} as const satisfies Record<string, RouteSpec>;

export type Routes = typeof ROUTES;
export type OperationId = keyof Routes;
