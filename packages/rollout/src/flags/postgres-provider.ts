import { StandardResolutionReasons } from '@openfeature/core';
import {
  type EvaluationContext,
  FlagNotFoundError,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  type ResolutionDetails,
  TypeMismatchError,
} from '@openfeature/server-sdk';
import type { FlagState } from '@phaselock/store';
import { bucketOf, isInShare } from '../bucketing/share.ts';
import type { FlagWatch } from './watch-flags.ts';

/**
 * The flags of the database as an OpenFeature provider. Any OpenFeature program can query them, and any other provider
 * can replace it.
 */
export function postgresFlagProvider(watch: Pick<FlagWatch, 'flags'>): Provider {
  const find = async (name: string): Promise<FlagState> => {
    const flag = (await watch.flags()).get(name);
    if (flag === undefined) throw new FlagNotFoundError(`there is no flag ${name}`);
    return flag;
  };

  /** Returns the value of the flag for subjects in its share, else the default. */
  const resolve = async <Value>(
    name: string,
    { targetingKey }: EvaluationContext,
    otherwise: Value,
    given: (flag: FlagState) => Value,
  ): Promise<ResolutionDetails<Value>> => {
    const flag = await find(name);
    const share = { flag: name, salt: flag.salt, percent: flag.percent };
    const flagMetadata = {
      version: flag.version,
      percent: flag.percent,
      killed: flag.killed,
      ...(targetingKey !== undefined && { bucket: bucketOf(share, targetingKey) }),
    };
    if (!flag.enabled)
      return { value: otherwise, variant: 'off', reason: StandardResolutionReasons.DISABLED, flagMetadata };
    return isInShare(share, targetingKey)
      ? { value: given(flag), variant: 'treatment', reason: StandardResolutionReasons.SPLIT, flagMetadata }
      : { value: otherwise, variant: 'control', reason: StandardResolutionReasons.SPLIT, flagMetadata };
  };

  return {
    metadata: { name: 'phaselock-postgres' },
    runsOn: 'server',
    events: new OpenFeatureEventEmitter(),
    resolveBooleanEvaluation: (name, _otherwise, context) => resolve(name, context, false, () => true),
    resolveStringEvaluation: (name, otherwise, context) =>
      resolve(name, context, otherwise, ({ value }) => {
        if (typeof value === 'string') return value;
        throw new TypeMismatchError(`the value of ${name} is not a text`);
      }),
    resolveNumberEvaluation: (name, otherwise, context) =>
      resolve(name, context, otherwise, ({ value }) => {
        if (typeof value === 'number') return value;
        throw new TypeMismatchError(`the value of ${name} is not a number`);
      }),
    resolveObjectEvaluation: <Value extends JsonValue>(name: string): Promise<ResolutionDetails<Value>> =>
      Promise.reject(new TypeMismatchError(`the value of ${name} is not an object`)),
  };
}
