create table accounts (
  user_id varchar(64) not null primary key,
  available decimal(19,4) not null check (available >= 0),
  blocked decimal(19,4) not null check (blocked >= 0),
  sequence bigint not null,
  updated_at datetime(6) not null
) character set utf8mb4 collate utf8mb4_bin;

create table positions (
  user_id varchar(64) not null,
  ticker varchar(8) not null,
  available bigint not null check (available >= 0),
  blocked bigint not null check (blocked >= 0),
  total_cost decimal(19,4) not null check (total_cost >= 0),
  primary key (user_id, ticker)
) character set utf8mb4 collate utf8mb4_bin;

-- Without a user: a tombstone.
create table reservations (
  order_id varchar(64) not null primary key,
  state varchar(10) not null,
  user_id varchar(64),
  ticker varchar(8),
  side varchar(4),
  quantity bigint,
  unit_price decimal(19,4),
  settled bigint not null check (settled >= 0),
  released bigint not null check (released >= 0),
  check (settled + released <= quantity)
) character set utf8mb4 collate utf8mb4_bin;

-- An execution has one SETTLEMENT for each of its two orders, and one REFUND at most.
create table transactions (
  user_id varchar(64) not null,
  sequence bigint not null,
  transaction_id varchar(64) not null unique,
  transaction_type varchar(20) not null,
  amount decimal(19,4) not null,
  ticker varchar(8),
  quantity bigint,
  order_id varchar(64),
  execution_id varchar(70),
  balance_after decimal(19,4) not null,
  blocked_balance_after decimal(19,4) not null,
  created_at datetime(6) not null,
  primary key (user_id, sequence),
  unique key one_settlement (order_id, execution_id, transaction_type)
) character set utf8mb4 collate utf8mb4_bin;

create table outbox (
  id bigint not null auto_increment primary key,
  channel varchar(10) not null,
  destination varchar(100) not null,
  record_key varchar(64) not null,
  message_id varchar(64) not null,
  payload text not null,
  traceparent varchar(60),
  created_at bigint not null
) character set utf8mb4 collate utf8mb4_bin;
create index outbox_by_channel on outbox (channel, id);

create table idempotency_keys (
  user_id varchar(64) not null,
  idempotency_key varchar(200) not null,
  request_hash char(64) not null,
  reference varchar(64) not null,
  started_ms bigint not null,
  created_ms bigint not null,
  status smallint,
  body mediumtext,
  primary key (user_id, idempotency_key),
  key idempotency_keys_by_age (created_ms)
) character set utf8mb4 collate utf8mb4_bin;
