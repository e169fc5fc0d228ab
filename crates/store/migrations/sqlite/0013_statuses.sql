-- On PostgreSQL nodes tell each other of statuses. Here there is one.
SELECT 1;
