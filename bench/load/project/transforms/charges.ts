import type { RowsFunction } from 'millrace/config';
import type { Charge, LineItem } from '../contracts';

const charges: RowsFunction<{ lineitem: typeof LineItem }, typeof Charge> = async function* ({ lineitem }) {
  for await (const batch of lineitem) {
    yield batch.map(({ l_orderkey, l_linenumber, l_extendedprice, l_discount, l_tax, l_shipdate, l_comment }) => ({
      l_orderkey,
      l_linenumber,
      charge: l_extendedprice * (1 - l_discount) * (1 + l_tax),
      l_shipdate,
      l_comment,
    }));
  }
};
export default charges;
