/** What is taken from a run: everything but these and the assumptions is computed. */
export type Measured = {
  readonly users: number;
  readonly answeredPerSecond: number;
  /** Acknowledged calls that changed something, a second. */
  readonly writesPerSecond: number;
  /** Used a second, all processes of the API together, and all of PostgreSQL. */
  readonly apiCores: number;
  readonly databaseCores: number;
  readonly apiProcesses: number;
  readonly apiMemoryBytes: number;
  readonly databaseMemoryBytes: number;
  readonly connections: number | null;
  readonly walBytesPerSecond: number | null;
};

/** What no run says: they are chosen, and told as such. */
export type Assumed = {
  readonly users: number;
  /** How much of a core is used at most, so that there is room for a peak and for the loss of a process. */
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
  /** Of one primary with its cores as busy as they may be. */
  readonly callsPerPrimary: number;
  readonly usersPerPrimary: number;
  readonly primaries: number;
  readonly connections: number | null;
  readonly walBytesPerWrite: number | null;
  readonly walBytesPerSecond: number | null;
};

/** In proportion to what was measured. That is a lower bound of what is needed: contention and distance grow with size, and caches do worse. */
export function capacityFor(measured: Measured, assumed: Assumed): Capacity {
  const callsPerUserPerSecond = measured.answeredPerSecond / measured.users;
  const apiCpuMsPerCall = (measured.apiCores * 1_000) / measured.answeredPerSecond;
  const databaseCpuMsPerCall = (measured.databaseCores * 1_000) / measured.answeredPerSecond;
  const callsPerSecond = callsPerUserPerSecond * assumed.users;
  const apiCores = (callsPerSecond * apiCpuMsPerCall) / 1_000;
  const databaseCores = (callsPerSecond * databaseCpuMsPerCall) / 1_000;
  // JavaScript of one process runs on one core.
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
