import type { Agent } from './agents.ts';
import { canonicalParameterName } from './canonical-parameters.ts';
import { type Catalogue, type CatalogueModel, entryKey, findModel } from './catalogue.ts';
import { isAgentChoice, isDefaultName } from './model-brands.ts';
import type { MissingWhy, ModelIdentity, ModelResolution, Parameters } from './model-identity.ts';
import { splitContextWindow } from './parse-model-name.ts';

/**
 * The model a caller requests: a profile by its variant, a model by its name, or the agent's own default. Explicit
 * values override the profile.
 */
export type ModelSelection = {
  readonly agent: Agent;
  readonly variant?: string | null;
  readonly model?: string | null;
  readonly parameters?: Parameters;
};

/** The model a name currently stands for. */
type Target =
  | { readonly kind: 'model'; readonly name: string | null; readonly unlisted: boolean }
  | { readonly kind: 'missing'; readonly why: MissingWhy };

/** The name stored if no model is named and the catalogue has no default for the agent. */
const AGENTS_OWN_CHOICE = 'default';

/** Resolves a selection once; the result is stored with the session or process that starts with it. */
export function resolveModel(catalogue: Catalogue, selection: ModelSelection): ModelResolution {
  const { agent } = selection;
  const variant = selection.variant ?? null;
  const missing = (model: string | null, why: MissingWhy): ModelResolution => ({
    kind: 'missing',
    agent,
    variant,
    model,
    why,
  });

  const profile = variant === null ? undefined : catalogue.profiles.get(entryKey(agent, variant));
  if (variant !== null && profile === undefined) return missing(selection.model ?? null, 'variant-missing');
  if (profile?.deleted) return missing(selection.model ?? profile.model, 'variant-deleted');

  const model = selection.model ?? profile?.model ?? null;
  const target = targetOf(catalogue, agent, model);
  if (target.kind === 'missing') return missing(model, target.why);
  const identity: ModelIdentity = {
    agent,
    variant,
    model,
    resolvedModel: target.name,
    parameters: mergeParameters(profile?.parameters ?? {}, selection.parameters ?? {}),
  };
  return { kind: 'resolved', identity, ...(target.unlisted && { unlisted: true }) };
}

/** Turns an unlisted model into a missing one, for projects that accept only listed models. */
export function refuseUnlisted(resolution: ModelResolution): ModelResolution {
  if (resolution.kind === 'missing' || resolution.unlisted !== true) return resolution;
  const { agent, variant, model } = resolution.identity;
  return { kind: 'missing', agent, variant, model, why: 'model-missing' };
}

function targetOf(catalogue: Catalogue, agent: Agent, model: string | null): Target {
  const { bare, suffix } = windowOf(model ?? '');
  const preset = catalogue.defaults.get(agent);
  // The name `default` always means the agent's default, even if an entry of that name is no longer the default.
  const meansDefault = isDefaultName(bare) && preset !== undefined;
  if (meansDefault || (isAgentChoice(bare) && findModel(catalogue, agent, bare).kind !== 'listed')) {
    // Stored as `default` or `auto`: a default that is configured later must not apply to this choice.
    return preset === undefined
      ? { kind: 'model', name: bare === '' ? AGENTS_OWN_CHOICE : bare, unlisted: false }
      : follow(catalogue, preset, suffix, model ?? '');
  }
  const found = findModel(catalogue, agent, model ?? '');
  switch (found.kind) {
    case 'listed':
      return follow(catalogue, found.entry, suffix, model ?? '');
    case 'unlisted':
      return { kind: 'model', name: model, unlisted: true };
    case 'unknown':
      return { kind: 'missing', why: 'model-missing' };
    default:
      return found satisfies never;
  }
}

/** Aliases may point at other aliases; a cycle of aliases resolves to no model. */
const MAX_HOPS = 8;

/**
 * Follows an entry to the model it stands for. If the target was deleted or is unknown, the alias resolves to no model.
 */
function follow(catalogue: Catalogue, first: CatalogueModel, suffix: string, asked: string): Target {
  let entry = first;
  let name = first.isDefault && isAgentChoice(windowOf(asked).bare) ? first.name : asked;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    if (entry.deleted) return { kind: 'missing', why: 'model-deleted' };
    if (entry.standsFor === null) return { kind: 'model', name: withWindow(name, suffix), unlisted: false };
    name = entry.standsFor;
    const next = findModel(catalogue, entry.agent, name);
    if (next.kind === 'unknown') return { kind: 'missing', why: 'model-missing' };
    if (next.kind === 'unlisted') return { kind: 'model', name: withWindow(name, suffix), unlisted: true };
    entry = next.entry;
  }
  return { kind: 'missing', why: 'model-missing' };
}

/** Splits `sonnet[1m]` into its name and its suffix, both in lower case. */
function windowOf(name: string): { readonly bare: string; readonly suffix: string } {
  const text = name.trim().toLowerCase();
  const { bare } = splitContextWindow(text);
  return { bare, suffix: text.slice(bare.length) };
}

/** A requested context window overrides that of the alias target. */
const withWindow = (name: string, suffix: string): string => (suffix === '' ? name : `${windowOf(name).bare}${suffix}`);

/**
 * Explicit parameters override the profile's, even under another spelling: `reasoningEffort` replaces the profile's
 * `reasoning_effort`.
 */
function mergeParameters(ofProfile: Parameters, explicit: Parameters): Parameters {
  const overridden = new Set(Object.keys(explicit).map(canonicalParameterName));
  const kept = Object.entries(ofProfile).filter(([name]) => !overridden.has(canonicalParameterName(name)));
  return { ...Object.fromEntries(kept), ...explicit };
}
