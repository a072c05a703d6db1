import { makeAndDeleteModels, moveAlias, moveDefault, moveProfile } from './moves-catalogue.ts';
import { deleteMany, deleteSession, giveFeedback, stopSession } from './moves-endings.ts';
import { forbiddenKey, makeAndRevokeKey, openStream, setFlag, switchGuard } from './moves-keys.ts';
import { deleteAttempt, deleteTask, editProject, makeAttempt, makeProject, makeTask } from './moves-places.ts';
import { sayAnything } from './moves-processes.ts';
import { readAnything, readSession } from './moves-reads.ts';
import { repeatCall, sameKeyAtOnce } from './moves-repeats.ts';
import { beginStandalone, startMany, startSession } from './moves-starts.ts';
import { startTurn } from './moves-turns.ts';
import type { Move } from './turn.ts';

/** The possible moves of a client, with their weights. */
export const MOVES: readonly (readonly [number, Move])[] = [
  [18, startSession],
  [26, startTurn],
  [18, sayAnything],
  [2, startMany],
  [1.5, beginStandalone],
  [2, stopSession],
  [2, deleteSession],
  [0.7, deleteMany],
  [0.7, giveFeedback],
  [6, repeatCall],
  [1, sameKeyAtOnce],
  [7, readSession],
  [5, readAnything],
  [0.7, makeTask],
  [1, makeAttempt],
  [0.7, deleteAttempt],
  [0.4, deleteTask],
  [0.4, makeProject],
  [0.4, editProject],
  [1.2, moveAlias],
  [0.3, moveDefault],
  [1, makeAndDeleteModels],
  [0.8, moveProfile],
  [1, openStream],
  [0.7, makeAndRevokeKey],
  [0.3, forbiddenKey],
  [0.5, setFlag],
  [0.2, switchGuard],
];
