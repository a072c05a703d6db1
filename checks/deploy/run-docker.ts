import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const COMPOSE_FILE = join(ROOT, 'ops/compose/compose.yaml');
/** A separate Compose project, so that existing containers and volumes stay untouched. */
const PROJECT = 'phaselock-check';

export type Docker = {
  /** Returns the output. Throws when the exit code is not 0. */
  docker(...args: readonly string[]): string;
  compose(...args: readonly string[]): string;
  /** Runs `docker compose exec` and returns its exit code and output. */
  exec(service: string, ...command: readonly string[]): { readonly code: number | null; readonly said: string };
  /** The address of a service on the network of the project, which this machine can reach. */
  addressOf(service: string): string;
};

export function useDocker(env: NodeJS.ProcessEnv): Docker {
  const run = (args: readonly string[]) => {
    const { status, stdout, stderr, error } = spawnSync('docker', [...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (error !== undefined) throw new Error(`docker cannot be run: ${error.message}`);
    return { code: status, said: `${stdout}${stderr}`, stdout: stdout.trim() };
  };
  const docker = (...args: readonly string[]): string => {
    const { code, said, stdout } = run(args);
    if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}:\n${said}`);
    return stdout;
  };
  const ofProject = ['compose', '--project-name', PROJECT, '--file', COMPOSE_FILE];
  const compose = (...args: readonly string[]): string => docker(...ofProject, ...args);
  return {
    docker,
    compose,
    exec: (service, ...command) => run([...ofProject, 'exec', '-T', service, ...command]),
    addressOf: (service) =>
      docker(
        'inspect',
        '--format',
        '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
        compose('ps', '--quiet', service),
      ),
  };
}
