import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { TerminalError } from '../core/errors.js';
import { refuseProblems, type Place, type Problem } from '../core/problems.js';

/** More problems than these say little more. */
const SHOWN = 30;

/**
 * Type-checks a project with its own TypeScript, as its tsconfig.json says. A project without one has no types to check.
 *
 * @throws ProblemsError TYPES_INVALID with every place the compiler names; TOOL_MISSING when the project has no TypeScript
 */
export async function typeCheck(directory: string): Promise<void> {
  if (!existsSync(path.join(directory, 'tsconfig.json'))) return;
  refuseProblems(await compilerProblems(findCompiler(directory), directory), directory);
}

/** What the project's own TypeScript says of it. A project without tsconfig.json or TypeScript is not checked. */
export async function typeProblems(directory: string): Promise<Problem[]> {
  const compiler = existsSync(path.join(directory, 'tsconfig.json')) ? compilerOf(directory) : undefined;
  return compiler === undefined ? [] : compilerProblems(compiler, directory);
}

async function compilerProblems(compiler: string, directory: string): Promise<Problem[]> {
  const { code, output } = await run([compiler, '--noEmit', '--pretty', 'false', '-p', directory], directory);
  if (code === 0) return [];
  const problems = parseCompilerOutput(output);
  const rest = problems.length - SHOWN;
  const more = rest > 0 ? [typeProblem(`… and ${rest} more: see them with \`npx tsc --noEmit\`.`)] : [];
  return [...problems.slice(0, SHOWN), ...more];
}

function parseCompilerOutput(output: string): Problem[] {
  // A message goes on in indented lines.
  const entries = output.trim().split(/\r?\n(?!\s)/);
  const problems = entries.flatMap((entry) => {
    const [, file, line, column, text] = /^(.+?)\((\d+),(\d+)\): error (TS\d+: [^]+)$/.exec(entry) ?? [];
    if (file === undefined || text === undefined) return /\berror TS\d+/.test(entry) ? [typeProblem(entry)] : [];
    return [typeProblem(text, { file, line: Number(line), column: Number(column) })];
  });
  return problems.length > 0 ? problems : [typeProblem(output.trim().split('\n').slice(0, 5).join('\n'))];
}

function typeProblem(message: string, place?: Place): Problem {
  return { severity: 'error', code: 'TYPES_INVALID', message, place };
}

function findCompiler(directory: string): string {
  const compiler = compilerOf(directory);
  if (compiler !== undefined) return compiler;
  throw new TerminalError(
    'TOOL_MISSING',
    `The project in ${directory} has a tsconfig.json, and no TypeScript to check it with. Install it with \`npm install --save-dev typescript\`, or build without a check by --no-typecheck.`,
  );
}

function compilerOf(directory: string): string | undefined {
  try {
    const file = createRequire(path.join(directory, 'package.json')).resolve('typescript/package.json');
    const { bin } = JSON.parse(readFileSync(file, 'utf8')) as { readonly bin: { readonly tsc: string } };
    return path.join(path.dirname(file), bin.tsc);
  } catch {
    return undefined;
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
