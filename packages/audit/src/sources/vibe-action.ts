import type { NeutralProcess } from './neutral-history.ts';

/** What an `executor_action` says of how its process was started. */
export type VibeAction = {
  readonly action: NeutralProcess['action'];
  readonly passed: string | null;
  readonly executor: string | null;
  readonly variant: string | null;
  /** Since executors carry their model themselves. */
  readonly model: string | null;
};

const UNREADABLE: VibeAction = { action: null, passed: null, executor: null, variant: null, model: null };

/** Empty texts and empty objects occur; so do the keys of three generations. */
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
