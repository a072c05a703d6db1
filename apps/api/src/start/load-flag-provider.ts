import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FlagProvider } from '@phaselock/rollout';
import { ConfigMistakes } from '../config/read-config.ts';

const VARIABLE = 'PHASELOCK_FLAG_PROVIDER';

/**
 * Loads an external flag system: an ES module whose default export is an OpenFeature server provider or a function that
 * returns one.
 */
export async function loadFlagProvider(path: string | undefined): Promise<FlagProvider | undefined> {
  if (path === undefined) return undefined;
  let given: unknown;
  try {
    const module: unknown = await import(pathToFileURL(resolve(path)).href);
    const exported = fieldOf(module, 'default');
    given = typeof exported === 'function' ? await exported() : exported;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigMistakes([`${VARIABLE}: ${path} could not be loaded: ${why}`]);
  }
  if (isProvider(given)) return given;
  throw new ConfigMistakes([`${VARIABLE}: the default export of ${path} is not an OpenFeature provider`]);
}

const NEEDED = ['resolveBooleanEvaluation', 'resolveStringEvaluation'] as const;

const isProvider = (given: unknown): given is FlagProvider =>
  NEEDED.every((name) => typeof fieldOf(given, name) === 'function') && fieldOf(given, 'metadata') !== undefined;

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
