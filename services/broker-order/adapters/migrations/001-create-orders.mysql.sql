create table orders (
  order_id varchar(64) not null primary key,
  user_id varchar(64) not null,
  ticker varchar(8) not null,
  side varchar(4) not null,
  type varchar(6) not null,
  time_in_force varchar(3) not null,
  quantity int not null,
  price decimal(19,4) not null,
  status varchar(20) not null,
  reservation varchar(10) not null,
  cum_quantity int not null,
  recorded_quantity int not null,
  recorded_amount decimal(19,4) not null,
  status_seq int not null,
  version int not null,
  acknowledged tinyint not null,
  cancel_requested tinyint not null,
  reason varchar(200),
  created_at datetime(6) not null,
  updated_at datetime(6) not null,
  due_at datetime(6)
) character set utf8mb4 collate utf8mb4_bin;

-- Ids of version 7 are in the order of their making.
create index orders_by_user on orders (user_id, order_id);

create index orders_by_due on orders (due_at);

create table executions (
  order_id varchar(64) not null,
  execution_id varchar(100) not null,
  quantity int not null,
  price decimal(19,4) not null,
  recorded_at datetime(6) not null,
  primary key (order_id, execution_id)
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
  status smallint null,
  body mediumtext null,
  primary key (user_id, idempotency_key),
  key by_age (created_ms)
) character set utf8mb4 collate utf8mb4_bin;
