/** A JavaScript regular expression in RE2's words. */
export interface Translated {
  readonly pattern: string;
  /** Rows for which the two engines are known to agree: all, those of ASCII only, those without characters beyond the BMP. */
  readonly guard: 'none' | 'ascii' | 'bmp';
}

class Untranslatable extends Error {}

const SPACE = '\\t\\n\\x0B\\f\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}';
const MAX_REPEAT = 1000;

/**
 * Translates a JavaScript regular expression for DuckDB's RE2, so that it means the same on every row that the guard lets
 * through; `undefined` where it cannot (lookaround, backreferences, `\p{…}`, flags m, v, y …), and zod must judge.
 */
export function translateRegex(regex: RegExp): Translated | undefined {
  if (/[mvy]/.test(regex.flags)) return undefined;
  const translator = new Translator(regex.source, regex.flags);
  try {
    return translator.translate();
  } catch (error) {
    if (error instanceof Untranslatable) return undefined;
    throw error;
  }
}

class Translator {
  private readonly chars: readonly string[];
  private at = 0;
  private surrogateSensitive = false;
  private readonly unicode: boolean;
  private readonly dotAll: boolean;
  private readonly ignoreCase: boolean;

  constructor(source: string, flags: string) {
    this.chars = Array.from(source);
    this.unicode = flags.includes('u');
    this.dotAll = flags.includes('s');
    this.ignoreCase = flags.includes('i');
  }

  translate(): Translated {
    const body = this.alternatives();
    if (this.at < this.chars.length) throw new Untranslatable();
    const guard = this.ignoreCase ? 'ascii' : this.surrogateSensitive ? 'bmp' : 'none';
    return { pattern: this.ignoreCase ? `(?i)${body}` : body, guard };
  }

  private alternatives(): string {
    const parts = [this.alternative()];
    while (this.peek() === '|') {
      this.at++;
      parts.push(this.alternative());
    }
    return parts.join('|');
  }

  // Anchors are sound only at the edges of an alternative: inner ones gave wrong results in RE2.
  private alternative(): string {
    let out = '';
    const start = this.at;
    while (this.at < this.chars.length && this.peek() !== '|' && this.peek() !== ')') {
      const char = this.peek();
      if (char === '^') {
        if (this.at !== start) throw new Untranslatable();
        this.at++;
        out += '\\A';
        this.refuseQuantifier();
      } else if (char === '$') {
        this.at++;
        if (this.at < this.chars.length && this.peek() !== '|' && this.peek() !== ')') throw new Untranslatable();
        out += '\\z';
      } else {
        out += this.term();
      }
    }
    return out;
  }

  private term(): string {
    const atom = this.atom();
    const quantifier = this.quantifier();
    if (quantifier !== '' && (atom === '\\b' || atom === '\\B')) throw new Untranslatable();
    return atom + quantifier;
  }

  private atom(): string {
    const char = this.next();
    if (char === '(') return this.group();
    if (char === '[') return this.characterClass();
    if (char === '\\') return this.escape();
    if (char === '.') return this.anyCharacter(this.dotAll);
    if (char === '*' || char === '+' || char === '?') throw new Untranslatable();
    return this.literal(char);
  }

  private group(): string {
    if (this.peek() === '?') {
      const kind = this.chars.slice(this.at + 1, this.at + 3).join('');
      if (kind.startsWith(':')) this.at += 2;
      else if (kind.startsWith('<') && kind !== '<=' && kind !== '<!') this.at = this.chars.indexOf('>', this.at) + 1;
      else throw new Untranslatable();
    }
    const body = this.alternatives();
    if (this.next() !== ')') throw new Untranslatable();
    return `(?:${body})`;
  }

  private quantifier(): string {
    const char = this.peek();
    let out = '';
    if (char === '*' || char === '+' || char === '?') {
      this.at++;
      out = char;
    } else if (char === '{') {
      const counted = /^\{(\d+)(?:,(\d*))?\}/.exec(this.chars.slice(this.at, this.at + 24).join(''));
      if (!counted) return '';
      if (Number(counted[1]) > MAX_REPEAT || Number(counted[2] ?? 0) > MAX_REPEAT) throw new Untranslatable();
      this.at += counted[0].length;
      out = counted[0];
    } else {
      return '';
    }
    if (this.peek() === '?') {
      this.at++;
      out += '?';
    }
    this.refuseQuantifier();
    return out;
  }

  private refuseQuantifier(): void {
    if (/^(?:[*+?]|\{\d+(?:,\d*)?\})/.test(this.chars.slice(this.at, this.at + 24).join(''))) throw new Untranslatable();
  }

  private anyCharacter(dotAll: boolean): string {
    this.mindSurrogates();
    return dotAll ? '(?s:.)' : '[^\\n\\r\\x{2028}\\x{2029}]';
  }

  private mindSurrogates(): void {
    if (!this.unicode) this.surrogateSensitive = true;
  }

  private escape(): string {
    const char = this.peek();
    switch (char) {
      case 'd':
      case 'w':
      case 'b':
      case 'B':
        this.at++;
        return `\\${char}`;
      case 'D':
      case 'W':
        this.at++;
        this.mindSurrogates();
        return `\\${char}`;
      case 's':
        this.at++;
        return `[${SPACE}]`;
      case 'S':
        this.at++;
        this.mindSurrogates();
        return `[^${SPACE}]`;
      default:
        return this.literal(this.escapedCharacter());
    }
  }

  // What a backslash and the characters after it stand for, outside and inside classes.
  private escapedCharacter(): string {
    const char = this.next();
    const control = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' }[char];
    if (control !== undefined) return control;
    if (char === '0' && !/\d/.test(this.peek() ?? '')) return '\0';
    if (char === 'x') return this.codePoint(/^[0-9a-fA-F]{2}/);
    if (char === 'u') return this.peek() === '{' && this.unicode ? this.bracedCodePoint() : this.codePoint(/^[0-9a-fA-F]{4}/);
    if (/[a-zA-Z0-9]/.test(char) || char === '') throw new Untranslatable();
    return char;
  }

  private codePoint(shape: RegExp): string {
    const found = shape.exec(this.chars.slice(this.at, this.at + 4).join(''));
    if (!found) throw new Untranslatable();
    this.at += found[0].length;
    return String.fromCodePoint(Number.parseInt(found[0], 16));
  }

  private bracedCodePoint(): string {
    const end = this.chars.indexOf('}', this.at);
    const value = Number.parseInt(this.chars.slice(this.at + 1, end).join(''), 16);
    if (end < 0 || Number.isNaN(value) || value > 0x10ffff) throw new Untranslatable();
    this.at = end + 1;
    return String.fromCodePoint(value);
  }

  private literal(char: string): string {
    const code = char.codePointAt(0) as number;
    if (code >= 0xd800 && code <= 0xdfff) throw new Untranslatable();
    if (code > 0xffff && !this.unicode) throw new Untranslatable();
    // RE2 folds some letters beyond ASCII (ſ, the Kelvin sign) to ASCII ones; JavaScript does not.
    if (code > 0x7f && this.ignoreCase) throw new Untranslatable();
    if (/[a-zA-Z0-9_ ]/.test(char)) return char;
    return code < 0x80 && code > 0x20 && code !== 0x7f ? `\\${char}` : `\\x{${code.toString(16).toUpperCase()}}`;
  }

  private characterClass(): string {
    const negated = this.peek() === '^';
    if (negated) this.at++;
    if (negated) this.mindSurrogates();
    const items: ClassItem[] = [];
    while (this.peek() !== ']') {
      if (this.at >= this.chars.length) throw new Untranslatable();
      items.push(this.classItem());
    }
    this.at++;
    if (items.length === 0) {
      if (!negated) throw new Untranslatable();
      return this.anyCharacter(true);
    }
    const sets = new Set(items.map((item) => item.set));
    if (!negated && ['dD', 'sS', 'wW'].some((pair) => sets.has(pair[0]) && sets.has(pair[1]))) return this.anyCharacter(true);
    if (sets.has('S')) throw new Untranslatable();
    if (sets.has('D') || sets.has('W')) this.mindSurrogates();
    return `[${negated ? '^' : ''}${items.map((item) => item.text).join('')}]`;
  }

  private classItem(): ClassItem {
    const first = this.classAtom();
    if (this.peek() !== '-' || this.chars[this.at + 1] === ']') return first;
    const rewind = this.at;
    this.at++;
    const last = this.classAtom();
    if (first.char === undefined || last.char === undefined) {
      if (this.unicode) throw new Untranslatable();
      this.at = rewind + 1;
      return { text: `${first.text}\\-`, set: first.set };
    }
    const [from, to] = [first.char.codePointAt(0) as number, last.char.codePointAt(0) as number];
    if (from <= 0xdfff && to >= 0xd800) this.mindSurrogates();
    return { text: `${first.text}-${last.text}` };
  }

  private classAtom(): ClassItem {
    const char = this.next();
    if (char !== '\\') return { text: this.literal(char), char };
    const escaped = this.peek() ?? '';
    if (/[dDwWS]/.test(escaped)) {
      this.at++;
      return { text: `\\${escaped}`, set: escaped };
    }
    if (escaped === 's') {
      this.at++;
      return { text: SPACE, set: 's' };
    }
    if (escaped === 'b') {
      this.at++;
      return { text: '\\x{8}', char: '\b' };
    }
    const literal = this.escapedCharacter();
    return { text: this.literal(literal), char: literal };
  }

  private peek(): string | undefined {
    return this.chars[this.at];
  }

  private next(): string {
    return this.chars[this.at++] ?? '';
  }
}

interface ClassItem {
  readonly text: string;
  /** The single character it stands for; absent for a set such as `\d`. */
  readonly char?: string;
  readonly set?: string;
}
