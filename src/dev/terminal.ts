/** Where text for people goes: colours and redrawing only where they are wanted. */
export interface Terminal {
  readonly interactive: boolean;
  readonly paint: Paint;
  /** Prints a line that stays, above the live lines if there are any. */
  line(text: string): void;
  /** Replaces the live lines at the bottom; does nothing where the output isn't a terminal. */
  live(lines: readonly string[]): void;
}

export type Paint = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** A terminal on a stream. `NO_COLOR`, `FORCE_COLOR` and `TERM=dumb` are honoured; lines are redrawn on a real terminal only. */
export function openTerminal(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Terminal {
  const interactive = (stream.isTTY ?? false) && env.TERM !== 'dumb';
  const paint = painter(wantsColours(interactive, env));
  let shown: readonly string[] = [];
  const erase = (): string => (shown.length === 0 ? '' : `\u001b[${shown.length}A\u001b[0J`);
  const draw = (lines: readonly string[]): string => lines.map((line) => `${clip(line, stream.columns || 80)}\n`).join('');
  return {
    interactive,
    paint,
    line(text) {
      stream.write(`${erase()}${text}\n${draw(shown)}`);
    },
    live(lines) {
      if (!interactive) return;
      stream.write(erase() + draw(lines));
      shown = lines;
    },
  };
}

// `NO_COLOR` counts when it is set to anything, and before `FORCE_COLOR`, of which 0 and false mean no.
function wantsColours(interactive: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return !['0', 'false'].includes(env.FORCE_COLOR);
  return interactive;
}

function painter(colours: boolean): Paint {
  const style = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return Object.fromEntries(Object.entries(CODES).map(([name, code]) => [name, style(code)])) as Paint;
}

/** Cuts a line to a width, so that one line stays one line; colour codes have no width. */
export function clip(line: string, width: number): string {
  let seen = 0;
  // oxlint-disable-next-line no-control-regex -- that is what colour codes begin with
  return line.replace(/\u001b\[\d+m|[^\u001b]/gu, (piece) => (piece.startsWith('\u001b') || ++seen < width ? piece : ''));
}
