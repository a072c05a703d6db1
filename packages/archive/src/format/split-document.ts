import { InvalidDocument } from './invalid-document.ts';

/** A piece of a JSON object: the value of a member, or the beginning or one element of a member that is an array. */
export type Piece =
  | { readonly kind: 'value' | 'element'; readonly name: string; readonly text: string }
  | { readonly kind: 'array'; readonly name: string };

type Splitting = {
  write(text: string): void;
  /** Fails if the object is not complete. */
  end(): void;
};

/** Longer pieces are refused, so that a document cannot exhaust the memory. The longest log line has 200 000 characters. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** What may come next, outside of a value. */
type Expecting =
  | 'object'
  | 'first member'
  | 'member'
  | 'colon'
  | 'value'
  | 'comma or end of object'
  | 'first element'
  | 'element'
  | 'comma or end of array'
  | 'nothing';

const WHITE = /[\t\n\r ]/;

/**
 * Splits the text of a JSON object into pieces as it arrives, so that an object larger than memory can be read. It
 * checks the structure around the pieces; the text of a piece is not parsed.
 */
export function splitDocument(take: (piece: Piece) => void): Splitting {
  let expecting: Expecting = 'object';
  let name = '';
  let piece: ReturnType<typeof collectPiece> | undefined;

  const refuse = (found: string): never => {
    throw new InvalidDocument(`it has ${JSON.stringify(found)} instead of ${inWords(expecting)}`);
  };
  const among = (found: string, next: Readonly<Record<string, Expecting>>): void => {
    expecting = Object.hasOwn(next, found) ? (next[found] ?? refuse(found)) : refuse(found);
  };

  /** Handles one character between two pieces; returns whether a piece begins with it. */
  const between = (found: string): boolean => {
    switch (expecting) {
      case 'object':
        among(found, { '{': 'first member' });
        return false;
      case 'first member':
      case 'member':
        if (found === '"') return true;
        among(found, expecting === 'member' ? {} : { '}': 'nothing' });
        return false;
      case 'colon':
        among(found, { ':': 'value' });
        return false;
      case 'value':
        if (found !== '[') return true;
        take({ kind: 'array', name });
        expecting = 'first element';
        return false;
      case 'first element':
        if (found !== ']') return true;
        expecting = 'comma or end of object';
        return false;
      case 'element':
        return true;
      case 'comma or end of object':
        among(found, { ',': 'member', '}': 'nothing' });
        return false;
      case 'comma or end of array':
        among(found, { ',': 'element', ']': 'comma or end of object' });
        return false;
      case 'nothing':
        return refuse(found);
    }
  };

  const finish = (text: string): void => {
    switch (expecting) {
      case 'first member':
      case 'member':
        name = parseName(text);
        expecting = 'colon';
        return;
      case 'value':
        take({ kind: 'value', name, text });
        expecting = 'comma or end of object';
        return;
      case 'first element':
      case 'element':
        take({ kind: 'element', name, text });
        expecting = 'comma or end of array';
        return;
      default:
        throw new Error(`a piece ended where ${inWords(expecting)} was expected`);
    }
  };

  return {
    write(text) {
      for (let at = 0; at < text.length; ) {
        if (piece === undefined) {
          const found = text.charAt(at);
          if (WHITE.test(found) || !between(found)) {
            at += 1;
            continue;
          }
          piece = collectPiece();
        }
        const end = piece.write(text, at);
        if (end === undefined) return;
        const whole = piece.text();
        piece = undefined;
        at = end;
        finish(whole);
      }
    },
    end() {
      if (expecting !== 'nothing') throw new InvalidDocument(`it ends where ${inWords(expecting)} should follow`);
    },
  };
}

const inWords = (expecting: Expecting): string => {
  switch (expecting) {
    case 'object':
      return 'an object';
    case 'first member':
    case 'member':
      return 'the name of a member';
    case 'colon':
      return 'a colon';
    case 'value':
      return 'a value';
    case 'first element':
    case 'element':
      return 'an element of an array';
    case 'comma or end of object':
      return 'a comma or the end of the object';
    case 'comma or end of array':
      return 'a comma or the end of an array';
    case 'nothing':
      return 'its end';
  }
};

function parseName(text: string): string {
  try {
    const name: unknown = JSON.parse(text);
    if (typeof name === 'string') return name;
  } catch {
    // Reported below.
  }
  throw new InvalidDocument('the name of a member is not valid JSON');
}

/** Collects one value, whose text may arrive in several parts. */
function collectPiece() {
  // Searched for instead of looking at each character: nearly all of a document is inside of strings.
  const inString = /["\\]/g;
  const outside = /["{}[\],:]/g;
  const parts: string[] = [];
  let length = 0;
  let depth = 0;
  let open = false;
  /** The text before ended with a backslash in a string. */
  let escaped = false;

  /** Returns where the value ends in the text, or undefined if it continues after it. */
  const endIn = (text: string, from: number): number | undefined => {
    let at = from;
    while (at < text.length) {
      if (escaped) {
        escaped = false;
        at += 1;
        continue;
      }
      const wanted = open ? inString : outside;
      wanted.lastIndex = at;
      const found = wanted.exec(text);
      if (found === null) return undefined;
      at = found.index + 1;
      switch (found[0]) {
        case '"':
          open = !open;
          break;
        case '\\':
          escaped = true;
          break;
        case '{':
        case '[':
          depth += 1;
          break;
        case '}':
        case ']':
          if (depth === 0) return found.index;
          depth -= 1;
          break;
        default:
          // A comma or a colon.
          if (depth === 0) return found.index;
      }
    }
    return undefined;
  };

  return {
    write(text: string, from: number): number | undefined {
      const end = endIn(text, from);
      const part = text.slice(from, end);
      length += part.length;
      if (length > MOST_CHARACTERS)
        throw new InvalidDocument(`it has a value of more than ${MOST_CHARACTERS} characters, which no release writes`);
      parts.push(part);
      return end;
    },
    text: (): string => parts.join(''),
  };
}
