/** The eight tables of TPC-H with few rows, in the types of its specification, largest last. */
export const TPCH_TABLES = ['region', 'nation', 'supplier', 'customer', 'part', 'partsupp', 'orders', 'lineitem'] as const;

/** The statements that make and fill them in a schema. Keys are the specification's. */
export function tpchStatements(schema: string): string[] {
  const table = (name: string, columns: string): string => `CREATE TABLE ${schema}.${name} (${columns})`;
  const fill = (name: string, select: string): string => `INSERT INTO ${schema}.${name} SELECT ${select}`;
  return [
    table('region', 'r_regionkey int PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152)'),
    table('nation', 'n_nationkey int PRIMARY KEY, n_name char(25) NOT NULL, n_regionkey int NOT NULL, n_comment varchar(152)'),
    table(
      'supplier',
      's_suppkey int PRIMARY KEY, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL, s_nationkey int NOT NULL, s_phone char(15) NOT NULL, s_acctbal numeric(15,2) NOT NULL, s_comment varchar(101)',
    ),
    table(
      'customer',
      'c_custkey int PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL, c_nationkey int NOT NULL, c_phone char(15) NOT NULL, c_acctbal numeric(15,2) NOT NULL, c_mktsegment char(10) NOT NULL, c_comment varchar(117)',
    ),
    table(
      'part',
      'p_partkey int PRIMARY KEY, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL, p_brand char(10) NOT NULL, p_type varchar(25) NOT NULL, p_size int NOT NULL, p_container char(10) NOT NULL, p_retailprice numeric(15,2) NOT NULL, p_comment varchar(23)',
    ),
    table(
      'partsupp',
      'ps_partkey int, ps_suppkey int, ps_availqty int NOT NULL, ps_supplycost numeric(15,2) NOT NULL, ps_comment varchar(199), PRIMARY KEY (ps_partkey, ps_suppkey)',
    ),
    table(
      'orders',
      `o_orderkey int PRIMARY KEY, o_custkey int NOT NULL REFERENCES ${schema}.customer, o_orderstatus char(1) NOT NULL, o_totalprice numeric(15,2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL, o_clerk char(15) NOT NULL, o_shippriority int NOT NULL, o_comment varchar(79)`,
    ),
    table(
      'lineitem',
      `l_orderkey int REFERENCES ${schema}.orders, l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int, l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, l_discount numeric(15,2) NOT NULL, l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL, l_comment varchar(44), PRIMARY KEY (l_orderkey, l_linenumber)`,
    ),
    fill('region', `i, 'region ' || i, NULLIF('lar deposits ' || i, 'lar deposits 3') FROM generate_series(0, 4) i`),
    fill('nation', `i, 'nation ' || i, i % 5, 'al foxes' FROM generate_series(0, 24) i`),
    fill(
      'supplier',
      `i, 'Supplier#' || i, 'street ' || i, i % 25, i::text, i * 7.13 - 900, 'each slyly' FROM generate_series(1, 100) i`,
    ),
    fill(
      'customer',
      `i, 'Customer#' || i, 'road "' || i || '"', i % 25, i::text, 9999.99 - i, 'BUILDING', E'carefully, "even"\\nrequests ' || i FROM generate_series(1, 1500) i`,
    ),
    fill(
      'part',
      `i, 'goldenrod lace ' || i, 'Manufacturer#1', 'Brand#13', 'PROMO', i % 50, 'JUMBO PKG', 900 + i / 100.0, 'ly' FROM generate_series(1, 2000) i`,
    ),
    fill(
      'partsupp',
      `p, 1 + (p + s * 25) % 100, p * s, p / 3.0, 'final theodolites' FROM generate_series(1, 2000) p, generate_series(0, 3) s`,
    ),
    fill(
      'orders',
      `i, 1 + i % 1500, chr(70 + i % 3), i * 11.17, date '1992-01-01' + i % 2406, '5-LOW', 'Clerk#' || i, 0, 'nstructions' FROM generate_series(1, 15000) i`,
    ),
    fill(
      'lineitem',
      `o, 1 + o % 2000, 1 + l % 100, l, o % 50, o * 1.01, 0.05, 0.08, 'N', 'O', date '1995-01-01' + o % 1000, date '1995-02-01', date '1995-03-01', 'DELIVER IN PERSON', 'TRUCK', 'egular courts' FROM generate_series(1, 15000) o, generate_series(1, 4) l`,
    ),
  ];
}
