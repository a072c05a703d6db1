import { readFileSync } from 'node:fs';
import { parseAgent } from '@phaselock/core';
import { SourceFailure } from '../source.ts';
import { field, textOf } from './read-json.ts';

type VibeProfile = {
  /** Null for the default model of the agent. */
  readonly model: string | null;
  readonly noContext: boolean;
};

/** Looks up a profile; undefined for a variant that the file does not contain. */
export type VibeProfiles = (executor: string, variant: string) => VibeProfile | undefined;

/** Reads a profiles file, such as `{"executors":{"CLAUDE_CODE":{"SONNET":{"CLAUDE_CODE":{"model":"…"}}}}}`. */
export function readVibeProfiles(path: string): VibeProfiles {
  const executors = field(parseFile(path), 'executors');
  if (typeof executors !== 'object' || executors === null)
    throw new SourceFailure(`${path} has no "executors", so it is not a profiles file`);
  const known = new Map<string, VibeProfile>();
  for (const [executor, variants] of Object.entries(executors)) {
    for (const [variant, entry] of Object.entries(Object(variants))) {
      const settings = Object.values(Object(entry))[0];
      known.set(keyOf(executor, variant), {
        model: textOf(field(settings, 'model')),
        noContext: field(settings, 'no_context') === true || field(entry, 'no_context') === true,
      });
    }
  }
  return (executor, variant) => known.get(keyOf(executor, variant));
}

/** `CLAUDE_CODE` and `claude-code` are one executor. */
const keyOf = (executor: string, variant: string): string =>
  `${parseAgent(executor) ?? executor} ${variant.toUpperCase()}`;

function parseFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SourceFailure(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
