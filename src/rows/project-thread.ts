import { Worker } from 'node:worker_threads';

/** What is passed on of the worker's environment: what libraries look for, and no secret. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'TMP', 'TEMP', 'LANG', 'LC_ALL', 'TZ', 'NODE_ENV'];

/**
 * Starts a thread that loads a project's code. Its memory is bounded, and it has none of the worker's environment variables
 * but a few harmless ones.
 *
 * @param entry the module of this folder that it runs
 * @param name for whoever looks at the process' threads
 */
export function startProjectThread(entry: string, name: string, workerData: unknown, memoryMb: number): Worker {
  const environment = ENVIRONMENT.flatMap((variable) => {
    const value = process.env[variable];
    return value === undefined ? [] : [[variable, value]];
  });
  const { entry: file, ...how } = entryPoint(entry);
  return new Worker(file, {
    ...how,
    name,
    workerData,
    env: Object.fromEntries(environment) as NodeJS.ProcessEnv,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
}

/** Of what a thread is started: this module's neighbour as it was compiled, or, from TypeScript, by way of tsx. */
function entryPoint(name: string): { entry: URL | string; eval?: boolean } {
  if (!import.meta.url.endsWith('.ts')) return { entry: new URL(`./${name}.js`, import.meta.url) };
  const tsx = import.meta.resolve('tsx/esm/api');
  const source = new URL(`./${name}.ts`, import.meta.url).href;
  const entry = `import(${JSON.stringify(tsx)}).then(({ tsImport }) => tsImport(${JSON.stringify(source)}, ${JSON.stringify(import.meta.url)}))`;
  return { entry, eval: true };
}
