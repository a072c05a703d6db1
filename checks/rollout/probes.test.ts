import { operationKindOf, ROUTES } from '@phaselock/contract';
import { PROBES } from '@phaselock/rollout';
import { expect, test } from 'vitest';

test('the rollout leaves out exactly the probe operations of the API', () => {
  const probes = Object.entries(ROUTES).filter(([, route]) => operationKindOf(route) === 'probe');
  expect(PROBES.toSorted()).toEqual(probes.map(([operation]) => operation).toSorted());
});
