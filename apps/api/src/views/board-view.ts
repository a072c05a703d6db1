import type { AttemptRow, FeedbackRow, ModelRecord, ProfileRecord, ProjectRow, TaskRow } from '@phaselock/store';
import { instant, instantOrNull } from './session-view.ts';

export const projectView = ({ id, name, unlistedModels, createdAt }: ProjectRow) => ({
  id,
  name,
  unlistedModels,
  createdAt: instant(createdAt),
});

export const taskView = ({ id, projectId, title, createdAt }: TaskRow) => ({
  id,
  projectId,
  title,
  createdAt: instant(createdAt),
});

export const attemptView = ({ id, taskId, branch, worktree, createdAt }: AttemptRow) => ({
  id,
  taskId,
  branch,
  worktree,
  createdAt: instant(createdAt),
});

export const modelRowView = ({ id, agent, name, isDefault, standsFor, createdAt, deletedAt }: ModelRecord) => ({
  id,
  agent,
  name,
  isDefault,
  standsFor,
  createdAt: instant(createdAt),
  deletedAt: instantOrNull(deletedAt),
});

export const profileView = ({ id, agent, variant, model, parameters, createdAt, deletedAt }: ProfileRecord) => ({
  id,
  agent,
  variant,
  model,
  parameters: { ...parameters },
  createdAt: instant(createdAt),
  deletedAt: instantOrNull(deletedAt),
});

export const feedbackView = ({ rating, comment, createdBy, createdAt }: FeedbackRow) => ({
  rating,
  comment,
  createdBy,
  createdAt: instant(createdAt),
});
