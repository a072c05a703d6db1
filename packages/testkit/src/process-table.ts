import { readdirSync, readFileSync } from 'node:fs';

/** A process as Linux accounts for it: its own CPU time, and the CPU time of its children that have ended. */
export type ProcessRow = {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly endedChildrenSeconds: number;
};

/** Linux reports process times in hundredths of a second, independent of the kernel's tick. */
const TICKS_A_SECOND = 100;
const AFTER_NAME = { parent: 1, user: 11, system: 12, childrenUser: 13, childrenSystem: 14 } as const;

export function readProcessTable(): ReadonlyMap<number, ProcessRow> {
  const table = new Map<number, ProcessRow>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const row = processRow(Number(name));
    if (row !== undefined) table.set(row.pid, row);
  }
  return table;
}

/** Undefined if the process has ended or the system has no /proc. */
export function processRow(pid: number): ProcessRow | undefined {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The process name may contain spaces and parentheses; the fields after the last parenthesis do not.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ticks = (at: number): number => fields[at] ?? 0;
  const { parent, user, system, childrenUser, childrenSystem } = AFTER_NAME;
  return {
    pid,
    parent: ticks(parent),
    cpuSeconds: (ticks(user) + ticks(system)) / TICKS_A_SECOND,
    endedChildrenSeconds: (ticks(childrenUser) + ticks(childrenSystem)) / TICKS_A_SECOND,
  };
}

/** CPU time of the machine since its start, and the time that the host of a virtual machine withheld (steal time). */
export type MachineTimes = { readonly busySeconds: number; readonly stolenSeconds: number };

const BUSY = ['user', 'nice', 'system', 'irq', 'softirq'];
const OF_MACHINE = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];

/** Undefined where the system has no /proc/stat. */
export function machineTimes(): MachineTimes | undefined {
  const [, line] = /^cpu +(.+)$/m.exec(readOrNothing('/proc/stat') ?? '') ?? [];
  if (line === undefined) return undefined;
  const ticks = line.split(' ').map(Number);
  const secondsOf = (name: string): number => (ticks[OF_MACHINE.indexOf(name)] ?? 0) / TICKS_A_SECOND;
  return {
    busySeconds: BUSY.reduce((sum, name) => sum + secondsOf(name), 0),
    stolenSeconds: secondsOf('steal'),
  };
}

/** A process and its descendants that still run. */
export function treeOf(root: number, table: ReadonlyMap<number, ProcessRow>): readonly ProcessRow[] {
  const childrenOf = Map.groupBy(table.values(), ({ parent }) => parent);
  const first = table.get(root);
  const tree: ProcessRow[] = first === undefined ? [] : [first];
  for (const row of tree) tree.push(...(childrenOf.get(row.pid) ?? []));
  return tree;
}

/**
 * Memory of a process in bytes. Where the system allows it, a page shared by several processes counts proportionally.
 */
export function memoryOf(pid: number): number {
  const shared = readOrNothing(`/proc/${pid}/smaps_rollup`);
  const resident = shared === undefined ? readOrNothing(`/proc/${pid}/status`) : undefined;
  const [, kilobytes = '0'] = /^(?:Pss|VmRSS):\s+(\d+) kB$/m.exec(shared ?? resident ?? '') ?? [];
  return Number(kilobytes) * 1_024;
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The process has ended, or its files may not be read.
    return undefined;
  }
}
