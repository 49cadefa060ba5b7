import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGES, ROOT } from './pages.js';

for (const { path, text } of PAGES) {
  writeFileSync(join(ROOT, path), text());
  console.log(`Wrote ${path}.`);
}
