import path from 'node:path';
import { buildProject, type BuildOptions } from '../../build/build-project.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';

/** Compiles the project for production. */
export async function build(
  { output, directory }: CommandContext,
  options: Pick<BuildOptions, 'out'> & { readonly typecheck: boolean },
): Promise<number> {
  const result = await buildProject({ directory, out: options.out, typeCheck: options.typecheck });
  const place = path.relative(process.cwd(), result.directory) || '.';
  output.data({ event: 'built', ...result });
  output.text(
    [
      `Built ${result.pipelines.join(', ')} into ${place}: ${result.files} files, ${Math.ceil(result.bytes / 1024)} KB.`,
      `Run it with: millrace worker --project ${place}`,
    ].join('\n'),
  );
  return EXIT.ok;
}
