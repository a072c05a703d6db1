import type { NeutralProcess } from './neutral-history.ts';

/** How a process was started, as its `executor_action` records it. */
export type VibeAction = {
  readonly action: NeutralProcess['action'];
  readonly passed: string | null;
  readonly executor: string | null;
  readonly variant: string | null;
  /** Only set by versions whose executor configuration contains the model. */
  readonly model: string | null;
};

const UNREADABLE: VibeAction = { action: null, passed: null, executor: null, variant: null, model: null };

/**
 * Parses an `executor_action`, which may be empty. The key that holds the profile depends on the vibe-kanban version.
 */
export function readVibeAction(text: string): VibeAction {
  const typ = field(parse(text), 'typ');
  const type = field(typ, 'type');
  const action =
    type === 'CodingAgentInitialRequest' ? 'initial' : type === 'CodingAgentFollowUpRequest' ? 'follow-up' : null;
  if (action === null) return UNREADABLE;
  const profile =
    field(typ, 'executor_config') ??
    field(typ, 'executor_profile_id') ??
    field(typ, 'profile_variant_label') ??
    field(typ, 'profile');
  return {
    action,
    passed: textOf(field(typ, 'session_id')),
    executor: textOf(profile) ?? textOf(field(profile, 'executor')) ?? textOf(field(profile, 'profile')),
    variant: textOf(field(profile, 'variant')),
    model: textOf(field(profile, 'model_id')),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
