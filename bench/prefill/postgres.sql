-- As sqlite.sql.
BEGIN;
CREATE TEMP TABLE line ON COMMIT DROP AS
WITH drawn AS MATERIALIZED (
    SELECT i, {oldest} + i * {step} AS created_at, trunc(random() * 100)::int AS fate, (random() * 172800000000)::bigint AS took,
           trunc(random() * {holders})::bigint AS holder, gen_random_uuid()::text AS chance, gen_random_uuid()::text AS own
      FROM generate_series({from}::bigint, {to}::bigint - 1) AS i),
due AS MATERIALIZED (SELECT *, {due} AS expires_at, {due} > {now} AS waits FROM drawn),
pushing AS MATERIALIZED (SELECT row_number() OVER (ORDER BY name) - 1 AS place, id, count(*) OVER () AS partners FROM partner)
SELECT (lpad(to_hex(due.created_at / 1000), 12, '0') || '7' || substr(chance, 16, 3) || '8' || substr(chance, 21, 3) || substr(chance, 25, 12))::uuid AS id,
       pushing.id AS partner_id,
       own AS credential_id,
       CASE WHEN waits THEN 'incomplete' WHEN fate < 50 THEN 'accepted' WHEN fate < 60 THEN 'declined' WHEN fate < 65 THEN 'removed'
            ELSE 'incomplete' END AS state,
       due.created_at,
       expires_at,
       CASE WHEN NOT waits AND fate < 65 THEN due.created_at + took END AS finalized_at,
       CASE WHEN NOT waits AND (fate < 50 OR fate BETWEEN 60 AND 64) THEN ('018f0000' || lpad(to_hex(holder), 24, '0'))::uuid END AS holder_id,
       due.created_at - due.created_at % 3600000000 AS ring_period,
       CASE WHEN waits OR fate < 50 THEN substr(decode(repeat(md5(chance), {sealed} / 16 + 1), 'hex'), 1, {sealed}) END AS sealed
  FROM due JOIN pushing ON pushing.place = due.i % pushing.partners
 ORDER BY i;

INSERT INTO holder (id, email_fingerprint, email_sealed, created_at, sign_ins)
SELECT holder_id, decode(md5(random()::text) || md5(random()::text), 'hex'), decode(repeat(md5(random()::text), 4), 'hex'), {oldest}, 1
  FROM (SELECT DISTINCT holder_id FROM line WHERE holder_id IS NOT NULL) AS person
    ON CONFLICT (id) DO NOTHING;
INSERT INTO submission (id, partner_id, credential_id, credential_type, state, created_at, expires_at, finalized_at, holder_id, ring_period, sealed)
SELECT id, partner_id, credential_id, 'career_history', state, created_at, expires_at, finalized_at, holder_id, ring_period,
       CASE state WHEN 'accepted' THEN sealed END
  FROM line;
-- Each hour of those that wait has its partition, as it would have had before it came; but for this
-- one.
DO $$
DECLARE hour bigint;
BEGIN
    FOR hour IN SELECT DISTINCT ring_period FROM line WHERE state = 'incomplete' AND sealed IS NOT NULL AND ring_period < {now} - 3600000000 LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS payload_%s_%s PARTITION OF payload FOR VALUES FROM (%s) TO (%s)',
                       hour, hour + 3600000000, hour, hour + 3600000000);
    END LOOP;
END $$;
INSERT INTO payload (ring_period, submission_id, sealed)
SELECT ring_period, id, sealed FROM line WHERE state = 'incomplete' AND sealed IS NOT NULL;
INSERT INTO event (submission_id, kind, at)
SELECT id, CASE state WHEN 'removed' THEN 'accepted' ELSE state END, finalized_at FROM line WHERE finalized_at IS NOT NULL;
UPDATE expiry SET through = {now};
COMMIT;
