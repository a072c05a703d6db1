/** Default announcement to users when a stage starts; `--announce` replaces it. */
export const stageText = (flag: string, percent: number): string =>
  flag === 'single_session_guard'
    ? `From now on ${everybodyOr(percent)} one live session in each phase of a task. Running a task again with the same model shows you the session that is active; another model asks you before it replaces it. Export a session before you replace it if you want to keep what is unsaved.`
    : `${flag} is now on for ${percent} %.`;

const everybodyOr = (percent: number): string =>
  percent >= 100 ? 'there is' : `there is, for ${percent} % of the users,`;

export const offText = (flag: string): string =>
  flag === 'single_session_guard'
    ? 'The rule of one live session in each phase of a task is switched off for now. Sessions are created as they were before; nothing of yours is lost.'
    : `${flag} is switched off for now: everything works as it did before.`;
