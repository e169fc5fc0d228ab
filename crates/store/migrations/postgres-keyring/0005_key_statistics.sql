-- ANALYZE copies values of columns into pg_statistic, where a destroyed key would remain.
SET LOCAL lock_timeout = '2s';
ALTER TABLE ring_key ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE holder_key ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE signing_key ALTER COLUMN wrapped SET STATISTICS 0;
