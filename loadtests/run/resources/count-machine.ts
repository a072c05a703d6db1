import { machineTimes } from '@phaselock/testkit';

/** CPU time of programs outside the run, which shows whether the machine was quiet. */
export const EVERYTHING_ELSE = 'everything else';
/** CPU time that the host of a virtual machine withheld while a process was ready to run (steal time). */
export const TAKEN_BY_HOST = 'taken by the host';

type MachineLine = { readonly of: string; readonly cpuSeconds: number };

/** Counts both from the first sample. `known` is the CPU time of the programs of the run so far. */
export function createMachineCount(): (known: number) => readonly MachineLine[] {
  let first: { readonly others: number; readonly stolen: number } | undefined;
  let others = 0;
  return (known) => {
    const times = machineTimes();
    if (times === undefined) return [];
    first ??= { others: times.busySeconds - known, stolen: times.stolenSeconds };
    // A program that is sampled for the first time adds its earlier CPU time to `known`.
    others = Math.max(others, times.busySeconds - known - first.others);
    return [
      { of: EVERYTHING_ELSE, cpuSeconds: rounded(others) },
      { of: TAKEN_BY_HOST, cpuSeconds: rounded(times.stolenSeconds - first.stolen) },
    ];
  };
}

const rounded = (seconds: number): number => Math.round(seconds * 100) / 100;
