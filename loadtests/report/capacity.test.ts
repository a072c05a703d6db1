import { expect, test } from 'vitest';
import { capacityFor } from './capacity.ts';

const MEASURED = {
  users: 500,
  answeredPerSecond: 250,
  writesPerSecond: 100,
  apiCores: 0.5,
  databaseCores: 0.25,
  apiProcesses: 2,
  apiMemoryBytes: 400e6,
  databaseMemoryBytes: 1e9,
  connections: 20,
  walBytesPerSecond: 200_000,
};

test('capacityFor scales the measured use in proportion to the users', () => {
  const capacity = capacityFor(MEASURED, { users: 100_000, busy: 0.5, primaryCores: 64 });
  expect(capacity).toEqual({
    callsPerUserPerSecond: 0.5,
    apiCpuMsPerCall: 2,
    databaseCpuMsPerCall: 1,
    callsPerSecond: 50_000,
    writesPerSecond: 20_000,
    apiCores: 100,
    apiProcesses: 200,
    apiMemoryBytes: 200 * 200e6,
    databaseCores: 50,
    callsPerPrimary: 32_000,
    usersPerPrimary: 64_000,
    primaries: 2,
    connections: 2_000,
    walBytesPerWrite: 2_000,
    walBytesPerSecond: 40e6,
  });
});

test('capacityFor leaves out what was not measured', () => {
  const measured = { ...MEASURED, connections: null, walBytesPerSecond: null };
  expect(capacityFor(measured, { users: 1_000, busy: 0.7, primaryCores: 64 })).toMatchObject({
    connections: null,
    walBytesPerWrite: null,
    walBytesPerSecond: null,
    primaries: 1,
  });
});
