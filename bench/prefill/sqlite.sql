-- One portion of stored submissions, as Tenure would have written them: numbers {from} up to {to},
-- one each {step} microseconds since {oldest}, of the partners in turn. Those that expire after
-- {now} are pending and have their payload. Half of the others are in wallets. Expired ones keep
-- the state 'incomplete', as on a server.
BEGIN;
CREATE TEMP TABLE line AS
WITH RECURSIVE
number (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM number WHERE i + 1 < {to}),
drawn AS MATERIALIZED (
    SELECT i, {oldest} + i * {step} AS created_at, abs(random() % 100) AS fate, abs(random() % 172800000000) AS took,
           abs(random() % {holders}) AS holder, lower(hex(randomblob(16))) AS chance, lower(hex(randomblob(16))) AS own
      FROM number),
due AS MATERIALIZED (SELECT *, {due} AS expires_at, {due} > {now} AS waits FROM drawn),
pushing AS MATERIALIZED (SELECT row_number() OVER (ORDER BY name) - 1 AS place, id, count(*) OVER () AS partners FROM partner)
SELECT unhex(printf('%012x', due.created_at / 1000) || '7' || substr(chance, 1, 3) || '8' || substr(chance, 4, 15)) AS id,
       pushing.id AS partner_id,
       substr(own, 1, 8) || '-' || substr(own, 9, 4) || '-4' || substr(own, 14, 3) || '-a' || substr(own, 18, 3) || '-' || substr(own, 21, 12)
           AS credential_id,
       CASE WHEN waits THEN 'incomplete' WHEN fate < 50 THEN 'accepted' WHEN fate < 60 THEN 'declined' WHEN fate < 65 THEN 'removed'
            ELSE 'incomplete' END AS state,
       due.created_at,
       expires_at,
       CASE WHEN NOT waits AND fate < 65 THEN due.created_at + took END AS finalized_at,
       CASE WHEN NOT waits AND (fate < 50 OR fate BETWEEN 60 AND 64) THEN unhex(printf('018f0000%024x', holder)) END AS holder_id,
       due.created_at - due.created_at % 3600000000 AS ring_period,
       CASE WHEN waits OR fate < 50 THEN randomblob({sealed}) END AS sealed
  FROM due JOIN pushing ON pushing.place = due.i % pushing.partners
 ORDER BY i;

INSERT INTO holder (id, email_fingerprint, email_sealed, created_at, sign_ins)
SELECT DISTINCT holder_id, randomblob(32), randomblob(60), {oldest}, 1 FROM line WHERE holder_id IS NOT NULL
    ON CONFLICT (id) DO NOTHING;
INSERT INTO submission (id, partner_id, credential_id, credential_type, state, created_at, expires_at, finalized_at, holder_id, ring_period, sealed)
SELECT id, partner_id, credential_id, 'career_history', state, created_at, expires_at, finalized_at, holder_id, ring_period, sealed
  FROM line;
INSERT INTO event (submission_id, kind, at)
SELECT id, CASE state WHEN 'removed' THEN 'accepted' ELSE state END, finalized_at FROM line WHERE finalized_at IS NOT NULL;
-- Partners have been notified of all that expired.
UPDATE expiry SET through = {now};
DROP TABLE line;
COMMIT;
