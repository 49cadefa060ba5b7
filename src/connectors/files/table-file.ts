/** The file that holds a database table's namesake: `public/orders.parquet`. */
export function fileForTable({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${encode(schema)}/${encode(table)}.parquet`;
}

// Names may hold anything: what would lead elsewhere, hide the file, make a pattern of it or put it into the ledger's folder
// is written as URLs write it.
function encode(name: string): string {
  const code = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  return name.replaceAll(/[\p{Cc}%/\\*?[\]{}:"<>|]|^\.|^_(?=millrace$)/gu, code);
}
