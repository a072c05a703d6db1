import { AGENTS } from './agents.ts';
import { compareModelNames } from './compare-model-names.ts';
import { compareParameters, compareParametersPlainly, sameParameters } from './compare-parameters.ts';
import { effectiveModel } from './effective-model.ts';
import type { ComparisonReason, ModelComparison } from './model-comparison.ts';
import type { ModelIdentity, ModelResolution } from './model-identity.ts';
import type { ModelPolicy } from './model-policy.ts';
import { comparisonOf } from './verdict.ts';

const SAME: ModelComparison = { verdict: 'same', reasons: [] };

/**
 * Decides whether a conversation held with one model may continue with another. Every difference becomes a reason, and
 * the most severe reason sets the verdict. Swapping the two sides swaps the values in the reasons but keeps the
 * verdict.
 */
export function compareModels(previous: ModelResolution, next: ModelResolution, policy: ModelPolicy): ModelComparison {
  const [before, after] = [agentOf(previous), agentOf(next)];
  // This holds even if one side is missing, because two agents never share a conversation.
  if (before !== after) return comparisonOf([{ field: 'agent', previous: before, next: after }]);
  if (previous.kind === 'missing' || next.kind === 'missing') return comparisonOf(missingSides(previous, next));
  return compareIdentities(previous.identity, next.identity, policy);
}

function compareIdentities(previous: ModelIdentity, next: ModelIdentity, policy: ModelPolicy): ModelComparison {
  if (isIdentical(previous, next)) return SAME;
  // An agent without a configurable model always runs the same model, so nothing else is compared, even under a strict
  // policy.
  if (!AGENTS[previous.agent].hasConfigurableModel) return SAME;
  return comparisonOf(policy.strict ? plainReasons(previous, next) : reasonsFor(previous, next, policy));
}

function reasonsFor(previous: ModelIdentity, next: ModelIdentity, policy: ModelPolicy): readonly ComparisonReason[] {
  const models = { previous: effectiveModel(previous, policy), next: effectiveModel(next, policy) };
  return [...compareModelNames(models.previous, models.next), ...compareParameters(previous, next, models, policy)];
}

/** The differences under a strict policy: values are compared as written, without parsing or resolving them. */
function plainReasons(previous: ModelIdentity, next: ModelIdentity): readonly ComparisonReason[] {
  const reasons: ComparisonReason[] = [];
  if (previous.model !== next.model) reasons.push({ field: 'model', previous: previous.model, next: next.model });
  else if (previous.resolvedModel !== next.resolvedModel) {
    reasons.push({ field: 'model', previous: previous.resolvedModel, next: next.resolvedModel });
  }
  if (previous.variant !== next.variant) {
    reasons.push({ field: 'variant', previous: previous.variant, next: next.variant });
  }
  return [...reasons, ...compareParametersPlainly(previous.parameters, next.parameters)];
}

function missingSides(previous: ModelResolution, next: ModelResolution): readonly ComparisonReason[] {
  const reasons: ComparisonReason[] = [];
  if (previous.kind === 'missing') reasons.push({ field: 'unresolved', side: 'previous', why: previous.why });
  if (next.kind === 'missing') reasons.push({ field: 'unresolved', side: 'next', why: next.why });
  return reasons;
}

const agentOf = (resolution: ModelResolution) =>
  resolution.kind === 'resolved' ? resolution.identity.agent : resolution.agent;

/** Fast path: most comparisons are between identical identities, so no name needs parsing. */
const isIdentical = (a: ModelIdentity, b: ModelIdentity): boolean =>
  a === b ||
  (a.agent === b.agent &&
    a.model === b.model &&
    a.resolvedModel === b.resolvedModel &&
    a.variant === b.variant &&
    sameParameters(a.parameters, b.parameters));
