import type { Agent } from './agents.ts';

/** Models a new, empty installation starts with, so that a first session needs no catalogue work. Theirs to change from then on. */
export const KNOWN_MODELS: readonly { readonly agent: Agent; readonly name: string }[] = [
  { agent: 'claude-code', name: 'claude-sonnet-4-5' },
  { agent: 'claude-code', name: 'claude-opus-4-5' },
  { agent: 'claude-code', name: 'claude-haiku-4-5' },
  { agent: 'codex', name: 'gpt-5.1-codex' },
  { agent: 'codex', name: 'gpt-5.1-codex-max' },
  { agent: 'gemini', name: 'gemini-3-pro-preview' },
  { agent: 'gemini', name: 'gemini-2.5-flash' },
];
