import './check-node.mjs';
import { build } from './build-dist.mjs';

await build();
