alter table users add column seed_password integer not null default 0;
