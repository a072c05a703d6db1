type EcsError = { 'error.type': string; 'error.message': string; 'error.stack_trace'?: string; 'error.code'?: string };

const CAUSES = 5;

/** The ECS fields of a thrown value. Other properties are left out: libraries store queries and settings there. */
export function ecsError(thrown: unknown): EcsError {
  if (!(thrown instanceof Error)) return { 'error.type': typeof thrown, 'error.message': String(thrown) };
  const stack = stackWithCauses(thrown);
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  return {
    'error.type': thrown.name,
    'error.message': thrown.message,
    ...(stack !== undefined && { 'error.stack_trace': stack }),
    ...(code !== undefined && { 'error.code': code }),
  };
}

function stackWithCauses(error: Error): string | undefined {
  const stacks: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && stacks.length < CAUSES) {
    stacks.push(current.stack ?? `${current.name}: ${current.message}`);
    current = current.cause;
  }
  return stacks.length === 0 ? undefined : stacks.join('\nCaused by: ');
}
