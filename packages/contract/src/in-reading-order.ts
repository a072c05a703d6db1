import type { Method, RouteSpec } from './route.ts';
import { ROUTES } from './routes.ts';

const METHODS: readonly Method[] = ['post', 'get', 'put', 'delete'];

const depth = ({ path }: RouteSpec): number => path.split('/').length;

/** Sorts the routes for the documents: shorter paths first, and for the same path POST, GET, PUT, DELETE. */
export const inReadingOrder = (): RouteSpec[] =>
  Object.values<RouteSpec>(ROUTES).toSorted(
    (a, b) =>
      depth(a) - depth(b) ||
      Number(a.path > b.path) - Number(a.path < b.path) ||
      METHODS.indexOf(a.method) - METHODS.indexOf(b.method),
  );
