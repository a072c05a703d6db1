import type { Agent } from './agents.ts';
import { canonicalParameterName } from './canonical-parameters.ts';
import { type Catalogue, type CatalogueModel, entryKey, findModel } from './catalogue.ts';
import { isAgentChoice, isDefaultName } from './model-brands.ts';
import type { MissingWhy, ModelIdentity, ModelResolution, Parameters } from './model-identity.ts';
import { splitContextWindow } from './parse-model-name.ts';

/** What a caller asks for: a profile by its variant, a model by its name, or the agent's own default; explicit beats the profile. */
export type ModelSelection = {
  readonly agent: Agent;
  readonly variant?: string | null;
  readonly model?: string | null;
  readonly parameters?: Parameters;
};

/** What a name stands for today. */
type Target =
  | { readonly kind: 'model'; readonly name: string | null; readonly unlisted: boolean }
  | { readonly kind: 'missing'; readonly why: MissingWhy };

/** What is kept where no model is named and the catalogue has no default for the agent. */
const AGENTS_OWN_CHOICE = 'default';

/** Everything a selection means is looked up here, once, and kept with what is begun on it. */
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

/** Where names that are not listed are refused, a name that was only accepted for its family is one that is missing. */
export function refuseUnlisted(resolution: ModelResolution): ModelResolution {
  if (resolution.kind === 'missing' || resolution.unlisted !== true) return resolution;
  const { agent, variant, model } = resolution.identity;
  return { kind: 'missing', agent, variant, model, why: 'model-missing' };
}

function targetOf(catalogue: Catalogue, agent: Agent, model: string | null): Target {
  const { bare, suffix } = windowOf(model ?? '');
  const preset = catalogue.defaults.get(agent);
  // The name `default` means the default, also where an entry of that name is not the default any more.
  const meansDefault = isDefaultName(bare) && preset !== undefined;
  if (meansDefault || (isAgentChoice(bare) && findModel(catalogue, agent, bare).kind !== 'listed')) {
    // Kept by the name of the choice itself: a default that is made later is not what this one stood for.
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

/** Aliases may point at aliases; a list that points in a circle stands for nothing. */
const MAX_HOPS = 8;

/** From an entry to the model it stands for. A target that was deleted, or that nobody knows, leaves its alias without a model. */
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

/** `sonnet[1m]` without its suffix, and the suffix as written. */
function windowOf(name: string): { readonly bare: string; readonly suffix: string } {
  const text = name.trim().toLowerCase();
  const { bare } = splitContextWindow(text);
  return { bare, suffix: text.slice(bare.length) };
}

/** The window that was asked for beats the one an alias would bring. */
const withWindow = (name: string, suffix: string): string => (suffix === '' ? name : `${windowOf(name).bare}${suffix}`);

/** Explicit beats the profile in whatever spelling: `reasoningEffort` asked for replaces the profile's `reasoning_effort`. */
function mergeParameters(ofProfile: Parameters, explicit: Parameters): Parameters {
  const overridden = new Set(Object.keys(explicit).map(canonicalParameterName));
  const kept = Object.entries(ofProfile).filter(([name]) => !overridden.has(canonicalParameterName(name)));
  return { ...Object.fromEntries(kept), ...explicit };
}
