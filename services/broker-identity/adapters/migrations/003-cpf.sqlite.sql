-- Of seeded users; nobody else is asked for one.
alter table users add column cpf text;

create unique index users_cpf on users (cpf);
