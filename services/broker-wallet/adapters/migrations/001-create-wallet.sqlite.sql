create table accounts (
  user_id text not null primary key,
  available integer not null check (available >= 0),
  blocked integer not null check (blocked >= 0),
  sequence integer not null,
  updated_at integer not null
) strict, without rowid;

create table positions (
  user_id text not null,
  ticker text not null,
  available integer not null check (available >= 0),
  blocked integer not null check (blocked >= 0),
  total_cost integer not null check (total_cost >= 0),
  primary key (user_id, ticker)
) strict, without rowid;

-- Without a user: a tombstone.
create table reservations (
  order_id text not null primary key,
  state text not null,
  user_id text,
  ticker text,
  side text,
  quantity integer,
  unit_price integer,
  settled integer not null check (settled >= 0),
  released integer not null check (released >= 0),
  check (settled + released <= quantity)
) strict, without rowid;

create table transactions (
  user_id text not null,
  sequence integer not null,
  transaction_id text not null unique,
  transaction_type text not null,
  amount integer not null,
  ticker text,
  quantity integer,
  order_id text,
  execution_id text,
  balance_after integer not null,
  blocked_balance_after integer not null,
  created_at integer not null,
  primary key (user_id, sequence)
) strict, without rowid;
-- An execution has one SETTLEMENT for each of its two orders, and one REFUND at most.
create unique index one_settlement on transactions (order_id, execution_id, transaction_type)
  where execution_id is not null;

create table outbox (
  id integer primary key,
  channel text not null,
  destination text not null,
  record_key text not null,
  message_id text not null,
  payload text not null,
  traceparent text,
  created_at integer not null
) strict;
create index outbox_by_channel on outbox (channel, id);

create table idempotency_keys (
  user_id text not null,
  idempotency_key text not null,
  request_hash text not null,
  reference text not null,
  started_ms integer not null,
  created_ms integer not null,
  status integer,
  body text,
  primary key (user_id, idempotency_key)
) strict, without rowid;
create index idempotency_keys_by_age on idempotency_keys (created_ms);
