import type { ParameterValue } from './model-identity.ts';

export type Verdict = 'same' | 'minor' | 'changed' | 'unknown';

export type ComparisonReason =
  | {
      readonly field: 'agent' | 'family' | 'major-version' | 'minor-version' | 'release' | 'model' | 'variant';
      readonly previous: string | null;
      readonly next: string | null;
    }
  | {
      readonly field: 'parameter';
      readonly name: string;
      readonly critical: boolean;
      readonly previous: ParameterValue;
      readonly next: ParameterValue;
    }
  | { readonly field: 'unresolved'; readonly side: 'previous' | 'next'; readonly why: string };

/** Reasons are empty only for `same`. */
export type ModelComparison = { readonly verdict: Verdict; readonly reasons: readonly ComparisonReason[] };
