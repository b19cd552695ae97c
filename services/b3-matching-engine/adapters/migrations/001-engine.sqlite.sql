-- What happened, in the one sequence; of NEW the rest is in orders. PRICE is kept for a day, all else for good.
create table commands (
  sequence integer not null primary key,
  kind text not null,
  order_id text,
  at_ms integer not null,
  payload text
) strict;

create index commands_prices on commands (at_ms) where kind = 'PRICE';

-- An order of which only the id is known (cancelled before it came, or refused unread) has no ticker.
create table orders (
  order_id text not null primary key,
  sequence integer not null,
  ticker text,
  side text,
  type text,
  time_in_force text,
  price integer,
  quantity integer,
  session_date text,
  status text not null,
  cum_quantity integer not null,
  leaves_quantity integer not null,
  order_seq integer not null
) strict;

-- Those that rest, by priority in time.
create index orders_resting on orders (sequence) where leaves_quantity > 0;

-- What was told about each order, and with it every execution.
create table results (
  id integer primary key,
  order_id text not null,
  order_seq integer not null,
  sequence integer not null,
  status text not null,
  reason text,
  execution_id text,
  counter_order_id text,
  executed_price integer,
  executed_quantity integer,
  cum_quantity integer not null,
  leaves_quantity integer not null,
  at_ms integer not null
) strict;

create unique index results_by_order on results (order_id, order_seq);

-- One row a side; without counter_order_id the other side is the liquidity provider.
create view executions as
select r.id, r.execution_id, r.order_id, r.counter_order_id, o.ticker, o.side, r.executed_price as price,
  r.executed_quantity as quantity, r.at_ms
from results r join orders o on o.order_id = r.order_id
where r.execution_id is not null;

-- Reference price of each book, and what is left of the provider's quotes.
create table books (
  ticker text not null primary key,
  reference integer,
  bid integer,
  bid_quantity integer not null,
  ask integer,
  ask_quantity integer not null
) strict;

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
