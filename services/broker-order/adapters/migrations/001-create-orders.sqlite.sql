create table orders (
  order_id text not null primary key,
  user_id text not null,
  ticker text not null,
  side text not null,
  type text not null,
  time_in_force text not null,
  quantity integer not null,
  price integer not null,
  status text not null,
  reservation text not null,
  cum_quantity integer not null,
  recorded_quantity integer not null,
  recorded_amount integer not null,
  status_seq integer not null,
  version integer not null,
  acknowledged integer not null,
  cancel_requested integer not null,
  reason text,
  created_at integer not null,
  updated_at integer not null,
  due_at integer
) strict, without rowid;

-- Ids of version 7 are in the order of their making.
create index orders_by_user on orders (user_id, order_id);

create index orders_by_due on orders (due_at) where due_at is not null;

create table executions (
  order_id text not null,
  execution_id text not null,
  quantity integer not null,
  price integer not null,
  recorded_at integer not null,
  primary key (order_id, execution_id)
) strict, without rowid;

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
  status integer null,
  body text null,
  primary key (user_id, idempotency_key)
) strict, without rowid;

create index idempotency_keys_by_age on idempotency_keys (created_ms);
