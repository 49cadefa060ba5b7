import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { TerminalError } from '../core/errors.js';

const SHOWN_LINES = 30;

/**
 * Type-checks a project with its own TypeScript, as its tsconfig.json says. A project without one has no types to check.
 *
 * @throws TerminalError TYPES_INVALID with the compiler's words; TOOL_MISSING when the project has no TypeScript
 */
export async function typeCheck(directory: string): Promise<void> {
  if (!existsSync(path.join(directory, 'tsconfig.json'))) return;
  const { code, output } = await run([findCompiler(directory), '--noEmit', '--pretty', 'false', '-p', directory], directory);
  if (code === 0) return;
  const lines = output.trim().split('\n');
  const rest =
    lines.length > SHOWN_LINES ? [`… and ${lines.length - SHOWN_LINES} more lines: see them with \`npx tsc --noEmit\``] : [];
  throw new TerminalError(
    'TYPES_INVALID',
    `The project in ${directory} does not type-check:\n${[...lines.slice(0, SHOWN_LINES), ...rest].map((line) => `  ${line}`).join('\n')}`,
  );
}

function findCompiler(directory: string): string {
  try {
    const file = createRequire(path.join(directory, 'package.json')).resolve('typescript/package.json');
    const { bin } = JSON.parse(readFileSync(file, 'utf8')) as { readonly bin: { readonly tsc: string } };
    return path.join(path.dirname(file), bin.tsc);
  } catch (error) {
    throw new TerminalError(
      'TOOL_MISSING',
      `The project in ${directory} has a tsconfig.json, and no TypeScript to check it with. Install it with \`npm install --save-dev typescript\`, or build without a check by --no-typecheck.`,
      {},
      { cause: error },
    );
  }
}

function run(args: readonly string[], cwd: string): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}
