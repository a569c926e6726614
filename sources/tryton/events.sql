-- What people noted at an opportunity. Kinds that this list does not know are notes.
SELECT
    lead_id,
    noted_at AS occurred_at,
    CASE WHEN kind IN ('visit', 'download', 'request', 'call', 'mail', 'meeting') THEN kind ELSE 'note' END
        AS event_type,
    CASE WHEN kind IN ('visit', 'download', 'request') THEN 'lead' ELSE 'sales' END AS actor
FROM 'notes.csv'
