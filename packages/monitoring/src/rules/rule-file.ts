import { stringify } from 'yaml';

export type RuleGroup = {
  readonly name: string;
  readonly rules: readonly Readonly<Record<string, unknown>>[];
};

/** By this text, checks/rollout/one-place.test.ts recognises a file whose limits are generated. */
export const MADE_FROM =
  'Made from ops/rollout/stages.yml and packages/monitoring: PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test packages/monitoring';

export const ruleFile = (groups: readonly RuleGroup[]): string =>
  `# ${MADE_FROM}\n${stringify({ groups }, { lineWidth: 0 })}`;
