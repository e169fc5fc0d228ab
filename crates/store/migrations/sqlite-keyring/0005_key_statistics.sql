-- ANALYZE copies no values on SQLite.
SELECT 1;
