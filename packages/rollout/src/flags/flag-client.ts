import type { Client, EvaluationContext, EvaluationDetails } from '@openfeature/server-sdk';
import { ErrorCode, StandardResolutionReasons } from '@openfeature/server-sdk';
import { OutOfTime, within } from '@phaselock/store';

/**
 * Time-out of a third-party provider. Every start waits for it, so it is short: a kill must still take effect within
 * two seconds.
 */
const PATIENCE_MS = 500;

/** The part of an OpenFeature client that is used here. */
export type FlagClient = {
  boolean(flag: string, otherwise: boolean, context: EvaluationContext): Promise<EvaluationDetails<boolean>>;
  string(flag: string, otherwise: string, context: EvaluationContext): Promise<EvaluationDetails<string>>;
};

type Details = Pick<Client, 'getBooleanDetails' | 'getStringDetails'>;

/** For our own provider, which answers from memory: a timer would cost more than the evaluation. */
export const promptClient = (client: Details): FlagClient => ({
  boolean: (flag, otherwise, context) => client.getBooleanDetails(flag, otherwise, context),
  string: (flag, otherwise, context) => client.getStringDetails(flag, otherwise, context),
});

/** For a third-party provider. One that does not answer in time counts as failed, and the default is used. */
export function patientClient(client: Details): FlagClient {
  return {
    boolean: (flag, otherwise, context) => inTime(flag, otherwise, client.getBooleanDetails(flag, otherwise, context)),
    string: (flag, otherwise, context) => inTime(flag, otherwise, client.getStringDetails(flag, otherwise, context)),
  };
}

async function inTime<Value extends boolean | string>(
  flagKey: string,
  value: Value,
  coming: Promise<EvaluationDetails<Value>>,
): Promise<EvaluationDetails<Value>> {
  try {
    return await within(coming, PATIENCE_MS, () => {});
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return { flagKey, value, reason: StandardResolutionReasons.ERROR, errorCode: ErrorCode.GENERAL, flagMetadata: {} };
  }
}
