import { existsSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
const PERIOD_MICROS = 100_000;

/** A Linux control group for one process, whose limits can be changed while the process runs. */
type ControlGroup = Disposable & {
  take(pid: number): void;
  /** Null removes the limit. */
  boundCores(cores: number | null): void;
  boundBytes(bytes: number | null): void;
};

export type ControlGroups =
  | { readonly kind: 'can-be-made'; readonly make: () => ControlGroup }
  | { readonly kind: 'none'; readonly reason: string };

/** Control groups of version 1 or 2, which only root can make. In CI it is an error if none can be made. */
export function controlGroups(env: NodeJS.ProcessEnv = process.env): ControlGroups {
  for (const make of [makeOfVersion1, makeOfVersion2]) {
    try {
      make()[Symbol.dispose]();
      return { kind: 'can-be-made', make };
    } catch {
      // Try the other version.
    }
  }
  const reason = 'no control group with limits can be made: that needs Linux and root';
  if (env.CI === 'true') throw new Error(`The faults of CPU and memory cannot be made: ${reason}.`);
  return { kind: 'none', reason };
}

/** Version 1 needs two groups, one for each controller. */
function makeOfVersion1(): ControlGroup {
  const cpu = makeIn(parentOf('cpu'));
  let memory: string;
  try {
    memory = makeIn(parentOf('memory'));
  } catch (error) {
    rmdirSync(cpu);
    throw error;
  }
  return {
    take: (pid) => {
      for (const group of [cpu, memory]) write(group, 'cgroup.procs', String(pid));
    },
    boundCores: (cores) => {
      write(cpu, 'cpu.cfs_period_us', String(PERIOD_MICROS));
      write(cpu, 'cpu.cfs_quota_us', cores === null ? '-1' : String(Math.round(cores * PERIOD_MICROS)));
    },
    boundBytes: (bytes) => write(memory, 'memory.limit_in_bytes', bytes === null ? '-1' : String(Math.round(bytes))),
    [Symbol.dispose]: () => {
      for (const group of [cpu, memory]) remove(group);
    },
  };
}

function makeOfVersion2(): ControlGroup {
  const group = makeIn(ROOT);
  try {
    if (!existsSync(join(group, 'cpu.max')) || !existsSync(join(group, 'memory.max'))) {
      throw new Error('the root group does not enable the controllers for CPU and memory');
    }
  } catch (error) {
    rmdirSync(group);
    throw error;
  }
  return {
    take: (pid) => write(group, 'cgroup.procs', String(pid)),
    boundCores: (cores) =>
      write(group, 'cpu.max', `${cores === null ? 'max' : Math.round(cores * PERIOD_MICROS)} ${PERIOD_MICROS}`),
    boundBytes: (bytes) => write(group, 'memory.max', bytes === null ? 'max' : String(Math.round(bytes))),
    [Symbol.dispose]: () => remove(group),
  };
}

/** The group of this process, so that limits which apply to this process apply to the new group as well. */
function parentOf(controller: string): string {
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .find((group) => group.split(':')[1]?.split(',').includes(controller) === true);
  if (line === undefined) throw new Error(`no controller ${controller}`);
  const [, names = '', path = '/'] = line.split(':');
  const mount = [names, controller].map((name) => join(ROOT, name)).find((folder) => existsSync(folder));
  if (mount === undefined) throw new Error(`${controller} is not mounted`);
  return join(mount, path);
}

function makeIn(parent: string): string {
  if (!existsSync(join(parent, 'cgroup.procs'))) throw new Error(`${parent} is no control group`);
  return mkdtempSync(join(parent, 'phaselock-faults-'));
}

const write = (group: string, file: string, text: string): void => writeFileSync(join(group, file), text);

/** Moves the remaining processes to the parent group, because only an empty group can be removed. */
function remove(group: string): void {
  const above = dirname(group);
  for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
    write(above, 'cgroup.procs', pid);
  rmdirSync(group);
}
