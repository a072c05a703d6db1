import type { Client, EvaluationContext, EvaluationDetails } from '@openfeature/server-sdk';
import { ErrorCode, StandardResolutionReasons } from '@openfeature/server-sdk';
import { OutOfTime, within } from '@phaselock/store';

/** How long a flag system of another maker may think: every start asks it, and what was killed meanwhile is killed within two seconds all the same. */
const PATIENCE_MS = 500;

export type FlagClient = {
  boolean(flag: string, otherwise: boolean, context: EvaluationContext): Promise<EvaluationDetails<boolean>>;
  string(flag: string, otherwise: string, context: EvaluationContext): Promise<EvaluationDetails<string>>;
};

type Details = Pick<Client, 'getBooleanDetails' | 'getStringDetails'>;

/** Of our own provider, which answers from memory: a timer for each question would be all that it costs. */
export const promptClient = (client: Details): FlagClient => ({
  boolean: (flag, otherwise, context) => client.getBooleanDetails(flag, otherwise, context),
  string: (flag, otherwise, context) => client.getStringDetails(flag, otherwise, context),
});

/** One that does not answer in time has failed, as one that throws: its default holds. */
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
