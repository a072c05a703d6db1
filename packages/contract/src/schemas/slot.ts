import { MODES, PHASES, parsePhase } from '@phaselock/core';
import { z } from 'zod';

const OLDER_NAMES =
  '`createWithAgent` is plan, `assignToAgent` is run, `verifyWithAgent` is verify; titles such as `Planning` are accepted too';

/** Accepts any name of a phase. `debug run` names the mode as well; without `debug` the mode is `standard`. */
export const namedPhase = z
  .string()
  .min(1)
  .max(60)
  .meta({ enum: [...PHASES], description: `The phase. ${OLDER_NAMES}` })
  .transform((value, context) => {
    const parsed = parsePhase(value);
    if (parsed !== undefined) return parsed;
    context.issues.push({ code: 'custom', message: `must be one of ${PHASES.join(', ')}`, input: value });
    return z.NEVER;
  });

export const mode = z
  .enum(MODES)
  .meta({ description: '`debug` is the single-agent debug session of a phase, with a slot of its own' });

type Named = { readonly phase: z.output<typeof namedPhase>; readonly mode?: z.output<typeof mode> };

/**
 * A phase as a filter: `run` matches both modes of the phase, `debug run` only the debug mode. An explicit mode
 * overrides the mode in the name of the phase.
 */
export function slotFilterOf({ phase: named, mode: given }: Partial<Named>) {
  const said = given ?? (named?.mode === 'debug' ? named.mode : undefined);
  return { ...(named && { phase: named.phase }), ...(said && { mode: said }) };
}

/** The slot that a request names. An explicit mode overrides the mode in the name of the phase. */
export const slotOf = <TaskId>({ taskId, phase: named, mode: given }: Named & { readonly taskId: TaskId }) => ({
  taskId,
  phase: named.phase,
  mode: given ?? named.mode,
});
