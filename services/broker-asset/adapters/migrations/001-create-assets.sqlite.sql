create table assets (
  ticker text not null primary key,
  name text not null,
  kind text not null,
  lot_size integer not null,
  tick integer not null,
  -- ACTIVE or INACTIVE: no orders are taken.
  status text not null default 'ACTIVE'
) strict, without rowid;

-- The last ones known, for when the cache is empty or away.
create table asset_prices (
  ticker text not null primary key,
  price integer not null,
  updated_at integer not null
) strict, without rowid;
