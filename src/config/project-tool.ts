import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * A development tool that the project has installed, as a `require` that finds what the tool itself depends on; so that
 * Millrace need not depend on it, and a production install is without it. Where the project has none, what lies beside
 * Millrace is taken.
 *
 * @param directory the project's folder
 * @throws Error as `require` does, when neither has it
 */
export function projectTool(directory: string, name: string): NodeJS.Require {
  const places = [path.join(directory, 'package.json'), import.meta.url].map((place) => createRequire(place));
  for (const [index, require] of places.entries()) {
    try {
      return createRequire(require.resolve(name));
    } catch (error) {
      if (index === places.length - 1) throw error;
    }
  }
  throw new Error(`${name} is not installed`);
}
