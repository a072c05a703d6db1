import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file of a control group this process is in, or of a group above it. */
type ControlFiles = {
  /** Where the kernel's files are; another place only for a test. */
  readonly root: string;
  readonly controller: 'cpu' | 'memory';
  /** Under which names the older kind of groups has it mounted. */
  readonly mounts: readonly string[];
};

/**
 * What the groups of this process say of one controller, those above it among them: the narrowest bound of all holds. The files are small and not on a
 * disk, and a bound can be changed while the process runs, so they are read each time.
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

/** Nothing for a file that is not there. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The group and those above it: within a container the path may be one of the host, and only the last of these is there. */
function upwards(path: string): string[] {
  const groups = [path];
  for (let group = path; group !== '/' && group !== '.'; group = dirname(group)) groups.push(dirname(group));
  return groups;
}
