import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorsOf, ROUTES, type RouteSpec } from '@phaselock/contract';
import { expect, test } from 'vitest';
import { operationsIn } from './read-document.ts';

const DOCUMENT = resolve(import.meta.dirname, '../../docs/openapi.json');
const operations = operationsIn(JSON.parse(readFileSync(DOCUMENT, 'utf8')));

test('operationsIn reads every route of the contract, with its request type and problem codes', () => {
  const routes = Object.values<RouteSpec>(ROUTES).map((route) => ({
    id: route.id,
    method: route.method.toUpperCase(),
    path: route.path,
    sends: route.line !== undefined ? 'ndjson' : route.body !== undefined ? 'json' : 'nothing',
    codes: errorsOf(route).toSorted(),
  }));
  const read = operations.map(({ answers: _, codes, ...rest }) => ({ ...rest, codes: codes.toSorted() }));
  const byId = (one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id);
  expect(read.toSorted(byId)).toEqual(routes.toSorted(byId));
});

test('operationsIn reads the required fields of JSON responses', () => {
  const answersOf = (id: string) => operations.find((one) => one.id === id)?.answers;
  expect(answersOf('startSession')?.['201']).toEqual(expect.arrayContaining(['outcome', 'session']));
  expect(answersOf('latestSession')?.['200']).toEqual(['generation', 'session']);
  expect(answersOf('deleteSession')).toEqual({ 204: undefined });
  expect(answersOf('exportSession')).toEqual({ 200: undefined });
});
