-- What happened, in the one sequence; of NEW the rest is in orders. PRICE is kept for a day, all else for good.
create table commands (
  sequence bigint not null primary key,
  kind varchar(12) not null,
  order_id varchar(64),
  at_ms bigint not null,
  payload text
);

create index commands_prices on commands (at_ms) where kind = 'PRICE';

-- An order of which only the id is known (cancelled before it came, or refused unread) has no ticker.
create table orders (
  order_id varchar(64) not null primary key,
  sequence bigint not null,
  ticker varchar(8),
  side varchar(4),
  type varchar(6),
  time_in_force varchar(3),
  price numeric(19,4),
  quantity integer,
  session_date varchar(10),
  status varchar(20) not null,
  cum_quantity integer not null,
  leaves_quantity integer not null,
  order_seq integer not null
);

-- Those that rest, by priority in time.
create index orders_resting on orders (sequence) where leaves_quantity > 0;

-- What was told about each order, and with it every execution.
create table results (
  id bigint generated always as identity primary key,
  order_id varchar(64) not null,
  order_seq integer not null,
  sequence bigint not null,
  status varchar(20) not null,
  reason varchar(200),
  execution_id varchar(64),
  counter_order_id varchar(64),
  executed_price numeric(19,4),
  executed_quantity integer,
  cum_quantity integer not null,
  leaves_quantity integer not null,
  at_ms bigint not null
);

create unique index results_by_order on results (order_id, order_seq);

-- One row a side; without counter_order_id the other side is the liquidity provider.
create view executions as
select r.id, r.execution_id, r.order_id, r.counter_order_id, o.ticker, o.side, r.executed_price as price,
  r.executed_quantity as quantity, r.at_ms
from results r join orders o on o.order_id = r.order_id
where r.execution_id is not null;

-- Reference price of each book, and what is left of the provider's quotes.
create table books (
  ticker varchar(8) not null primary key,
  reference numeric(19,4),
  bid numeric(19,4),
  bid_quantity integer not null,
  ask numeric(19,4),
  ask_quantity integer not null
);

create table outbox (
  id bigint generated always as identity primary key,
  channel varchar(10) not null,
  destination varchar(100) not null,
  record_key varchar(64) not null,
  message_id varchar(64) not null,
  payload text not null,
  traceparent varchar(60),
  created_at bigint not null
);

create index outbox_by_channel on outbox (channel, id);
