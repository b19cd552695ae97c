create table users (
  user_id varchar(36) not null primary key,
  name varchar(100) not null,
  email varchar(200) not null,
  password_hash varchar(200) not null,
  role varchar(10) not null,
  created_at datetime(6) not null,
  unique key users_email (email)
) engine=InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table login_failures (
  account varchar(64) not null primary key,
  failures integer not null,
  began_ms bigint not null,
  key login_failures_by_age (began_ms)
) engine=InnoDB default character set utf8mb4 collate utf8mb4_bin;
