import { field, parseJson, textOf } from './read-json.ts';

/** The parsed `executor_action` of a process. */
export type VibeAction =
  | ({
      readonly kind: 'agent';
      readonly action: 'initial' | 'follow-up';
      /** A review may start fresh on purpose; the action does not record the reason. */
      readonly review: boolean;
      readonly passed: string | null;
    } & VibeChoice)
  /** A script starts no agent. */
  | { readonly kind: 'script' }
  | ({ readonly kind: 'unreadable'; readonly why: string } & VibeChoice);

/** The profile of an action. Each field is null if the action does not record it. */
export type VibeChoice = {
  readonly executor: string | null;
  readonly variant: string | null;
  /** Only set by versions whose executor configuration contains the model. */
  readonly model: string | null;
};

/** The types of actions. A review resumes a conversation if it names one. */
const TYPES: Readonly<Record<string, 'initial' | 'follow-up' | 'review' | 'script'>> = {
  CodingAgentInitialRequest: 'initial',
  CodingAgentFollowUpRequest: 'follow-up',
  ReviewRequest: 'review',
  CodingAgentReviewRequest: 'review',
  ScriptRequest: 'script',
};

/**
 * Parses an `executor_action`, which may be empty. The key that holds the profile depends on the vibe-kanban version.
 */
export function readVibeAction(text: string): VibeAction {
  const typ = field(parseJson(text), 'typ');
  const type = textOf(field(typ, 'type'));
  const known = type !== null && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (known === 'script') return { kind: 'script' };
  const choice = choiceIn(typ);
  if (known === undefined) {
    const why = type === null ? 'its action cannot be read' : `its action has the unknown type ${type}`;
    return { kind: 'unreadable', why, ...choice };
  }
  const passed = textOf(field(typ, 'session_id'));
  const action = known === 'review' ? (passed === null ? 'initial' : 'follow-up') : known;
  return { kind: 'agent', action, review: known === 'review', passed, ...choice };
}

function choiceIn(typ: unknown): VibeChoice {
  const profile =
    field(typ, 'executor_config') ??
    field(typ, 'executor_profile_id') ??
    field(typ, 'profile_variant_label') ??
    field(typ, 'profile');
  return {
    executor: textOf(profile) ?? textOf(field(profile, 'executor')) ?? textOf(field(profile, 'profile')),
    variant: textOf(field(profile, 'variant')),
    model: textOf(field(profile, 'model_id')),
  };
}
