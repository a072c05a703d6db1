import type { Agent } from './agents.ts';
import { canonicalParameterName } from './canonical-parameters.ts';
import type { MissingWhy, ModelIdentity, ModelResolution, Parameters } from './model-identity.ts';
import type { ModelPolicy } from './model-policy.ts';
import { type ModelName, parseModelName, splitContextWindow } from './parse-model-name.ts';

/** What a caller asks for: a profile by its variant, a model by its name, or the agent's own default; explicit beats the profile. */
export type ModelSelection = {
  readonly agent: Agent;
  readonly variant?: string | null;
  readonly model?: string | null;
  readonly parameters?: Parameters;
};

export type CatalogueModel = {
  readonly agent: Agent;
  readonly name: string;
  readonly isDefault: boolean;
  readonly standsFor: string | null;
  readonly deleted: boolean;
};
export type CatalogueProfile = {
  readonly agent: Agent;
  readonly variant: string;
  readonly model: string | null;
  readonly parameters: Parameters;
  readonly deleted: boolean;
};

/** Deleted entries are kept, so that "deleted" and "never existed" are told apart. */
export type Catalogue = {
  readonly models: ReadonlyMap<string, CatalogueModel>;
  readonly profiles: ReadonlyMap<string, CatalogueProfile>;
};

const entryKey = (agent: Agent, name: string): string => `${agent} ${name}`;

/** Of several rows of one name the live one counts. */
export function buildCatalogue(models: readonly CatalogueModel[], profiles: readonly CatalogueProfile[]): Catalogue {
  const deadFirst = <Row extends { deleted: boolean }>(rows: readonly Row[]): Row[] =>
    rows.toSorted((a, b) => Number(b.deleted) - Number(a.deleted));
  return {
    models: new Map(deadFirst(models).map((row) => [entryKey(row.agent, row.name), row])),
    profiles: new Map(deadFirst(profiles).map((row) => [entryKey(row.agent, row.variant), row])),
  };
}

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
  if (model !== null) {
    const entry = catalogue.models.get(entryKey(agent, model));
    if (entry === undefined) return missing(model, 'model-missing');
    if (entry.deleted) return missing(model, 'model-deleted');
  }
  const identity: ModelIdentity = {
    agent,
    variant,
    model,
    parameters: mergeParameters(profile?.parameters ?? {}, selection.parameters ?? {}),
  };
  return { kind: 'resolved', identity };
}

/** Explicit beats the profile in whatever spelling: `reasoningEffort` asked for replaces the profile's `reasoning_effort`. */
function mergeParameters(ofProfile: Parameters, explicit: Parameters): Parameters {
  const overridden = new Set(Object.keys(explicit).map(canonicalParameterName));
  const kept = Object.entries(ofProfile).filter(([name]) => !overridden.has(canonicalParameterName(name)));
  return { ...Object.fromEntries(kept), ...explicit };
}

/** Whether a session that was resolved earlier still has its model. */
export function isModelGone(catalogue: Catalogue, { agent, variant, model }: ModelIdentity): boolean {
  const profile = variant === null ? undefined : catalogue.profiles.get(entryKey(agent, variant));
  const entry = model === null ? undefined : catalogue.models.get(entryKey(agent, model));
  return (
    (variant !== null && (profile === undefined || profile.deleted)) ||
    (model !== null && (entry === undefined || entry.deleted))
  );
}

/** Without its context window, which a comparison splits off first. */
const parsedByName = (name: string): [string, ModelName] => {
  const { bare } = splitContextWindow(name);
  return [bare, parseModelName(bare)];
};

/** The catalogue says what an agent's default is and what a moving name stands for; the rest of the policy is the caller's. */
export function policyFromCatalogue(policy: ModelPolicy, { models }: Catalogue): ModelPolicy {
  const live = [...models.values()].filter((model) => !model.deleted);
  const defaults = live.filter((model) => model.isDefault).map((model) => [model.agent, model.name]);
  const aliases = live.flatMap((model) => (model.standsFor === null ? [] : [[model.name, model.standsFor]]));
  return {
    ...policy,
    defaultModels: { ...policy.defaultModels, ...Object.fromEntries(defaults) },
    aliases: { ...policy.aliases, ...Object.fromEntries(aliases) },
    parsedNames: new Map(live.map(({ name }) => parsedByName(name))),
  };
}
