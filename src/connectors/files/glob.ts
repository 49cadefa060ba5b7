/** Whether a path has characters that stand for others. */
export function isGlob(pattern: string): boolean {
  return /[*?[{]/.test(pattern);
}

/** The folders before the first segment with a wildcard; empty when there is none. */
export function literalPrefix(pattern: string): string {
  const segments = pattern.split('/');
  const first = segments.findIndex(isGlob);
  return segments.slice(0, first === -1 ? -1 : first).join('/');
}

/**
 * The pattern as an expression over whole paths with `/` between segments. `*` and `?` stay within a segment, `**` is any
 * number of folders, `[abc]` and `[!abc]` one character, `{a,b}` alternatives.
 */
export function globToRegExp(pattern: string): RegExp {
  let source = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at);
    const set = /^\[(!?)([^\]/]+)\]/.exec(rest);
    if (rest.startsWith('**/')) {
      source += '(?:[^/]+/)*';
      at += 2;
    } else if (rest.startsWith('**')) {
      source += '.*';
      at += 1;
    } else if (set) {
      source += `[${set[1] === '!' ? '^' : ''}${(set[2] as string).replaceAll(/[\\^]/g, String.raw`\$&`)}]`;
      at += set[0].length - 1;
    } else if (rest[0] === '{') {
      source += '(?:';
      depth += 1;
    } else if (rest[0] === '}' && depth > 0) {
      source += ')';
      depth -= 1;
    } else if (rest[0] === ',' && depth > 0) source += '|';
    else source += segmentCharacter(rest[0] as string);
  }
  return new RegExp(`^${source}${')'.repeat(depth)}$`, 'u');
}

function segmentCharacter(character: string): string {
  if (character === '*') return '[^/]*';
  if (character === '?') return '[^/]';
  return character.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}
