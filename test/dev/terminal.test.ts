import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openTerminal } from '../../src/dev/terminal.js';

function stream(isTTY: boolean): NodeJS.WriteStream {
  return Object.assign(new PassThrough(), { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream;
}

describe('colours', () => {
  test.each([
    { why: 'on a terminal', isTTY: true, env: {}, coloured: true },
    { why: 'not in a pipe', isTTY: false, env: {}, coloured: false },
    { why: 'not with NO_COLOR', isTTY: true, env: { NO_COLOR: '1' }, coloured: false },
    { why: 'with an empty NO_COLOR, which is none', isTTY: true, env: { NO_COLOR: '' }, coloured: true },
    { why: 'in a pipe with FORCE_COLOR', isTTY: false, env: { FORCE_COLOR: '1' }, coloured: true },
    { why: 'not on a terminal with FORCE_COLOR=0', isTTY: true, env: { FORCE_COLOR: '0' }, coloured: false },
    { why: 'not with both, since NO_COLOR counts more', isTTY: true, env: { FORCE_COLOR: '1', NO_COLOR: '1' }, coloured: false },
    { why: 'not on a dumb terminal', isTTY: true, env: { TERM: 'dumb' }, coloured: false },
  ])('are used $why', ({ isTTY, env, coloured }) => {
    const { paint } = openTerminal(stream(isTTY), env);
    expect(paint.red('x')).toBe(coloured ? '\u001b[31mx\u001b[0m' : 'x');
  });

  test('do not make a pipe a terminal: nothing is redrawn there', () => {
    const out = stream(false);
    const terminal = openTerminal(out, { FORCE_COLOR: '1' });
    terminal.live(['at work']);
    terminal.line('done');
    expect([terminal.interactive, String((out as unknown as PassThrough).read())]).toEqual([false, 'done\n']);
  });
});
