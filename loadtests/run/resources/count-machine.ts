import { machineTimes } from '@phaselock/testkit';

/** CPU of programs that are no part of the run: it shows whether the machine was quiet. */
export const EVERYTHING_ELSE = 'everything else';
/** CPU that the host of a virtual machine gave to others while programs of this one were ready to run. */
export const TAKEN_BY_HOST = 'taken by the host';

type MachineLine = { readonly of: string; readonly cpuSeconds: number };

/** Both from the first sample on. `known`: what the programs of the run have used so far. */
export function createMachineCount(): (known: number) => readonly MachineLine[] {
  let first: { readonly others: number; readonly stolen: number } | undefined;
  let others = 0;
  return (known) => {
    const times = machineTimes();
    if (times === undefined) return [];
    first ??= { others: times.busySeconds - known, stolen: times.stolenSeconds };
    // A program that is seen for the first time brings what it used before.
    others = Math.max(others, times.busySeconds - known - first.others);
    return [
      { of: EVERYTHING_ELSE, cpuSeconds: rounded(others) },
      { of: TAKEN_BY_HOST, cpuSeconds: rounded(times.stolenSeconds - first.stolen) },
    ];
  };
}

const rounded = (seconds: number): number => Math.round(seconds * 100) / 100;
