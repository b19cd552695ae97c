create table assets (
  ticker varchar(8) not null primary key,
  name varchar(200) not null,
  kind varchar(8) not null,
  lot_size integer not null,
  tick decimal(19,4) not null,
  -- ACTIVE or INACTIVE: no orders are taken.
  status varchar(8) not null default 'ACTIVE'
) character set utf8mb4 collate utf8mb4_bin;

-- The last ones known, for when the cache is empty or away.
create table asset_prices (
  ticker varchar(8) not null primary key,
  price decimal(19,4) not null,
  updated_at datetime(6) not null
) character set utf8mb4 collate utf8mb4_bin;
