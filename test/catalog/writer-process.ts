import { openCatalog, type CatalogOptions } from '../../src/catalog/index.js';
import { at, runStarted } from './sample-facts.js';

/** Opens the catalog that argument 1 describes in JSON, and records as many runs as argument 3 says, their ids headed by argument 2. */
async function main(): Promise<void> {
  const [options = '{}', name = '', count = '0'] = process.argv.slice(2);
  const catalog = await openCatalog(JSON.parse(options) as CatalogOptions);
  for (let index = 0; index < Number(count); index++) {
    await catalog.recordRunStarted(runStarted({ workflowId: `${name}-${index}`, startedAt: at(index) }));
  }
  await catalog.close();
}

await main();
