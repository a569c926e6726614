-- The six outcomes are stages (stages.sql), not events: what ends the story is not behaviour before the end.
SELECT
    application_id AS lead_id,
    occurred_at,
    activity || '_' || transition AS event_type,
    resource AS detail
FROM read_csv('events.csv.gz', all_varchar = true)
WHERE activity NOT IN ('A_APPROVED', 'A_REGISTERED', 'A_ACTIVATED', 'O_ACCEPTED', 'A_DECLINED', 'A_CANCELLED')
