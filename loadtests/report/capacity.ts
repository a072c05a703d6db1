/** Measurements of a run. Everything else is computed from these and the assumptions. */
export type Measured = {
  readonly users: number;
  readonly answeredPerSecond: number;
  /** Acknowledged writes per second. */
  readonly writesPerSecond: number;
  /** Mean number of cores used by all API processes, and by PostgreSQL. */
  readonly apiCores: number;
  readonly databaseCores: number;
  readonly apiProcesses: number;
  readonly apiMemoryBytes: number;
  readonly databaseMemoryBytes: number;
  readonly connections: number | null;
  readonly walBytesPerSecond: number | null;
};

/** Values that no run measures; they are chosen and marked as assumptions. */
export type Assumed = {
  readonly users: number;
  /** Highest utilisation of a core, which leaves room for a peak and for the loss of a process. */
  readonly busy: number;
  readonly primaryCores: number;
};

export type Capacity = {
  readonly callsPerUserPerSecond: number;
  readonly apiCpuMsPerCall: number;
  readonly databaseCpuMsPerCall: number;
  readonly callsPerSecond: number;
  readonly writesPerSecond: number;
  readonly apiCores: number;
  readonly apiProcesses: number;
  readonly apiMemoryBytes: number;
  readonly databaseCores: number;
  /** What one primary handles at that utilisation. */
  readonly callsPerPrimary: number;
  readonly usersPerPrimary: number;
  readonly primaries: number;
  readonly connections: number | null;
  readonly walBytesPerWrite: number | null;
  readonly walBytesPerSecond: number | null;
};

/**
 * Scales the measurements proportionally. The result is a lower bound: contention and network distance grow with size,
 * and caches get less effective.
 */
export function capacityFor(measured: Measured, assumed: Assumed): Capacity {
  const callsPerUserPerSecond = measured.answeredPerSecond / measured.users;
  const apiCpuMsPerCall = (measured.apiCores * 1_000) / measured.answeredPerSecond;
  const databaseCpuMsPerCall = (measured.databaseCores * 1_000) / measured.answeredPerSecond;
  const callsPerSecond = callsPerUserPerSecond * assumed.users;
  const apiCores = (callsPerSecond * apiCpuMsPerCall) / 1_000;
  const databaseCores = (callsPerSecond * databaseCpuMsPerCall) / 1_000;
  // One Node.js process runs JavaScript on one core.
  const apiProcesses = Math.ceil(apiCores / assumed.busy);
  const callsPerPrimary = (assumed.primaryCores * assumed.busy * 1_000) / databaseCpuMsPerCall;
  const usersPerPrimary = callsPerPrimary / callsPerUserPerSecond;
  const writesPerSecond = (measured.writesPerSecond / measured.users) * assumed.users;
  const walBytesPerWrite =
    measured.walBytesPerSecond === null ? null : measured.walBytesPerSecond / measured.writesPerSecond;
  return {
    callsPerUserPerSecond,
    apiCpuMsPerCall,
    databaseCpuMsPerCall,
    callsPerSecond,
    writesPerSecond,
    apiCores,
    apiProcesses,
    apiMemoryBytes: (measured.apiMemoryBytes / measured.apiProcesses) * apiProcesses,
    databaseCores,
    callsPerPrimary,
    usersPerPrimary,
    primaries: Math.ceil(assumed.users / usersPerPrimary),
    connections:
      measured.connections === null ? null : Math.ceil((measured.connections / measured.apiProcesses) * apiProcesses),
    walBytesPerWrite,
    walBytesPerSecond: walBytesPerWrite === null ? null : walBytesPerWrite * writesPerSecond,
  };
}
