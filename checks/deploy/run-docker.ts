import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const COMPOSE_FILE = join(ROOT, 'ops/compose/compose.yaml');
/** A project of its own, so that nobody's containers and volumes are touched. */
const PROJECT = 'phaselock-check';

export type Docker = {
  /** The output; an exit code other than 0 is an error. */
  docker(...args: readonly string[]): string;
  compose(...args: readonly string[]): string;
  /** Like `docker compose exec`, with the exit code as an answer. */
  exec(service: string, ...command: readonly string[]): { readonly code: number | null; readonly said: string };
  /** On the network of the project, reached from this machine. */
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
