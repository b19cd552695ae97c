-- Of seeded users; nobody else is asked for one.
alter table users add column cpf varchar(11), add unique key users_cpf (cpf);
