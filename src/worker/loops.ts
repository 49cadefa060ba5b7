import { Client, type ConnectionLike } from '@temporalio/client';
import { startArchiver, type Archiver, type ArchiverSettings } from '../archive/archiver.js';
import { openArchive } from '../archive/open-archive.js';
import { archivePlace } from '../config/archive-place.js';
import type { LoadedProject } from '../config/load.js';
import { startReconciler } from '../reconciler/reconciler.js';

type Given = Pick<ArchiverSettings, 'catalog' | 'log'>;

interface Server {
  readonly connection: ConnectionLike;
  readonly address: string;
  readonly namespace: string;
}

/** What a worker does besides polling, of which one worker of all does each at a time. */
export interface Loops {
  /** Ends after what is under way, and lets other workers go on at once. Never rejects, and may be called again. */
  stop(): Promise<void>;
}

/** Closes runs in the catalog that ended unseen, and archives closed ones, unless the config has no archive. */
export function startLoops(project: LoadedProject, { server, ...given }: Given & { readonly server: Server }): Loops {
  const { connection, address, namespace } = server;
  const client = new Client({ connection, namespace });
  const settings = { ...given, temporal: { client, address, namespace, close: () => Promise.resolve() } };
  const loops = [startReconciler(settings), archiveRuns(project, settings)];
  let stopping: Promise<unknown> | undefined;
  return {
    async stop() {
      await (stopping ??= Promise.all(loops.map((each) => each.stop())));
    },
  };
}

function archiveRuns(project: LoadedProject, settings: Omit<ArchiverSettings, 'files'>): Archiver {
  const place = archivePlace(project);
  if (!place) return { stop: () => Promise.resolve() };
  const files = openArchive(place, project.engine.spillDirectory);
  const archiver = startArchiver({ ...settings, files });
  return { stop: () => archiver.stop().then(() => files.close()) };
}
