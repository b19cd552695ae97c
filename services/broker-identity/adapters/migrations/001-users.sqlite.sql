create table users (
  user_id text not null primary key,
  name text not null,
  email text not null unique,
  password_hash text not null,
  role text not null,
  created_at integer not null
) without rowid;

create table login_failures (
  account text not null primary key,
  failures integer not null,
  began_ms integer not null
) without rowid;

create index login_failures_by_age on login_failures (began_ms);
