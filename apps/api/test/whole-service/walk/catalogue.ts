import { at, listAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';

/**
 * One state of a model or profile in the catalogue. While a call that creates or ends it is in flight, the state is
 * uncertain.
 */
export type Entry = {
  readonly kind: 'model' | 'profile';
  readonly id: string;
  readonly agent: string;
  /** The name of a model, the variant of a profile. */
  readonly name: string;
  readonly standsFor: string | undefined;
  readonly isDefault: boolean;
  readonly from: number;
  endSent: number | undefined;
  endAnswered: number | undefined;
};

export type Catalogue = { readonly entries: Entry[]; learn(seen: Seen): void };

export function openCatalogue(): Catalogue {
  const entries: Entry[] = [];
  const close = (id: string, sent: number, answered: number | undefined): void => {
    for (const entry of entries)
      if (entry.id === id && entry.endAnswered === undefined)
        Object.assign(entry, { endSent: Math.min(entry.endSent ?? sent, sent), endAnswered: answered });
  };
  const open = (kind: Entry['kind'], id: string, given: unknown, from: number): void => {
    const name = textAt(given, 'name') ?? textAt(given, 'variant') ?? '';
    const agent = textAt(given, 'agent') ?? '';
    const [standsFor, isDefault] = [textAt(given, 'standsFor'), at(given, 'isDefault') === true];
    entries.push({ kind, id, agent, name, standsFor, isDefault, from, endSent: undefined, endAnswered: undefined });
  };
  return {
    entries,
    learn: (seen) => {
      learnFrom(entries, open, close, seen);
      if (succeeded(seen) && at(seen.asking.body, 'isDefault') === true) takeOver(entries, open, close, seen);
    },
  };
}

/** Matches operations that change an entry, whatever their exact name. */
const EDIT = /^(update|edit|put|change|move)(Model|Profile)$/;

type Open = (kind: Entry['kind'], id: string, given: unknown, from: number) => void;
type Close = (id: string, sent: number, answered: number | undefined) => void;

function learnFrom(entries: readonly Entry[], open: Open, close: Close, seen: Seen): void {
  const kind = /model/i.test(seen.operation) ? 'model' : 'profile';
  const known = new Set(entries.map(({ id }) => id));
  const { body, params = {} } = seen.asking;
  const id = textAt(seen.answer, 'id') ?? params.modelId ?? params.profileId ?? '';
  switch (seen.operation) {
    case 'createModel':
    case 'createProfile':
      if (succeeded(seen) && !known.has(id)) open(kind, id, body, seen.sent);
      return;
    case 'listModels':
    case 'listProfiles':
      for (const item of listAt(seen.answer, 'items')) learnItem(known, open, close, kind, item, seen);
      return;
    case 'deleteModel':
    case 'deleteProfile':
      if (succeeded(seen)) close(id, seen.sent, seen.answered);
      return;
  }
  if (EDIT.test(seen.operation) && succeeded(seen)) learnEdit(entries, open, close, id, body, seen);
}

/** A new default model replaces the previous default of its agent. */
function takeOver(entries: readonly Entry[], open: Open, close: Close, seen: Seen): void {
  const id = textAt(seen.answer, 'id') ?? seen.asking.params?.modelId;
  const agent = entries.findLast((entry) => entry.id === id)?.agent;
  const before = entries.filter(
    (entry) => entry.isDefault && entry.agent === agent && entry.id !== id && entry.endAnswered === undefined,
  );
  for (const entry of before) {
    close(entry.id, seen.sent, seen.answered);
    open('model', entry.id, { ...entry, isDefault: false }, seen.sent);
  }
}

/** Learns entries from a list; known entries are skipped. */
function learnItem(
  known: ReadonlySet<string>,
  open: Open,
  close: Close,
  kind: Entry['kind'],
  item: unknown,
  seen: Seen,
) {
  const id = textAt(item, 'id') ?? '';
  if (known.has(id)) return;
  open(kind, id, item, 0);
  if (textAt(item, 'deletedAt') !== undefined) close(id, 0, seen.answered);
}

function learnEdit(entries: readonly Entry[], open: Open, close: Close, id: string, body: unknown, seen: Seen): void {
  const before = entries.findLast((entry) => entry.id === id);
  if (before === undefined) return;
  close(id, seen.sent, seen.answered);
  open(before.kind, id, { ...before, variant: before.name, ...Object(body) }, seen.sent);
}

/** The states that may have been valid at some moment between two times. */
const heldBetween = (entries: readonly Entry[], sent: number, answered: number): Entry[] =>
  entries.filter(({ from, endAnswered }) => from < answered && (endAnswered === undefined || endAnswered > sent));

/** All models that a name may have resolved to between two times; an unlisted name resolves to itself. */
export function meaningsOf(
  { entries }: Catalogue,
  { agent, name }: { readonly agent: string; readonly name: string | null },
  [sent, answered]: readonly [number, number],
): ReadonlySet<string> {
  const held = heldBetween(entries, sent, answered).filter((one) => one.kind === 'model' && one.agent === agent);
  const found = new Set<string>();
  const follow = (at: string, depth: number): void => {
    const targets = held.filter((entry) => entry.name === at);
    if (depth > 4 || targets.length === 0) return void found.add(at);
    for (const { standsFor } of targets) standsFor === undefined ? found.add(at) : follow(standsFor, depth + 1);
  };
  if (name !== null) follow(name, 0);
  else {
    const defaults = held.filter(({ isDefault }) => isDefault);
    for (const entry of defaults) follow(entry.name, 0);
    const always = defaults.some(({ from, endAnswered }) => from < sent && endAnswered === undefined);
    // While there is no default model, the agent chooses.
    if (!always) found.add('default');
  }
  return found;
}

export const liveEntries = ({ entries }: Catalogue, kind: Entry['kind']): Entry[] =>
  entries.filter((entry) => entry.kind === kind && entry.endAnswered === undefined);
