import { MODES, PHASES, parsePhase } from '@phaselock/core';
import { z } from 'zod';

const OLDER_NAMES =
  '`createWithAgent` is plan, `assignToAgent` is run, `verifyWithAgent` is verify; titles such as `Planning` are read, too';

/** A phase by any of its names; `debug run` names the mode as well. */
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
 * As a filter a phase means the same as in a slot, but that a phase alone leaves the mode open: `run` is both modes of it, `debug run` one. An
 * explicit mode beats the one in the phase's name.
 */
export function slotFilterOf({ phase: named, mode: given }: Partial<Named>) {
  const said = given ?? (named?.mode === 'debug' ? named.mode : undefined);
  return { ...(named && { phase: named.phase }), ...(said && { mode: said }) };
}

/** An explicit mode beats the one in the phase's name. */
export const slotOf = <TaskId>({ taskId, phase: named, mode: given }: Named & { readonly taskId: TaskId }) => ({
  taskId,
  phase: named.phase,
  mode: given ?? named.mode,
});
