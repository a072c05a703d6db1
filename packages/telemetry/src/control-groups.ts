import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the files of one controller are, for the control groups of this process. */
type ControlFiles = {
  /** The root of /proc and /sys; another directory in tests only. */
  readonly root: string;
  readonly controller: 'cpu' | 'memory';
  /** The directories under which cgroup v1 mounts the controller. */
  readonly mounts: readonly string[];
};

/**
 * Reads the limits of one controller from the control groups of this process and their parents; the caller applies the
 * lowest. The files are read every time, because they are small and in memory, and a limit can change at run time.
 */
export function readControlGroups<Bound>(
  { root, controller, mounts }: ControlFiles,
  read: { readonly v1: (folder: string) => Bound[]; readonly v2: (folder: string) => Bound[] },
): Bound[] {
  return readText(join(root, 'proc/self/cgroup'))
    .split('\n')
    .flatMap((line) => {
      const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (controllers === '') return upwards(path).flatMap((group) => read.v2(join(root, 'sys/fs/cgroup', group)));
      if (!controllers.split(',').includes(controller)) return [];
      return mounts.flatMap((mount) =>
        upwards(path).flatMap((group) => read.v1(join(root, 'sys/fs/cgroup', mount, group))),
      );
    });
}

/** Returns an empty text for a missing file. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The group and its parents. In a container the path may be one of the host, of which only the root exists here. */
function upwards(path: string): string[] {
  const groups = [path];
  for (let group = path; group !== '/' && group !== '.'; group = dirname(group)) groups.push(dirname(group));
  return groups;
}
