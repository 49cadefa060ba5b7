export { exportAll, exportDay } from './into-files';
export { appendDay, appendFile, mergeAll, replaceAll, replaceRegion } from './into-postgres';
export { appendNew, exportNew, mergeNew } from './incremental';
