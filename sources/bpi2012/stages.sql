-- Four activities say that the bank approved; the first of them is the outcome.
SELECT
    application_id AS lead_id,
    CASE
        WHEN activity = 'A_SUBMITTED' THEN 'SUBMITTED'
        WHEN activity = 'A_PREACCEPTED' THEN 'PREACCEPTED'
        WHEN activity = 'A_ACCEPTED' THEN 'ACCEPTED'
        WHEN activity = 'O_SENT' THEN 'OFFER_SENT'
        WHEN activity IN ('A_APPROVED', 'A_REGISTERED', 'A_ACTIVATED', 'O_ACCEPTED') THEN 'WON'
        WHEN activity IN ('A_DECLINED', 'A_CANCELLED') THEN 'LOST'
    END AS stage,
    occurred_at AS entered_at,
    CASE WHEN stage = 'LOST' THEN activity END AS reason
FROM read_csv('events.csv.gz', all_varchar = true)
WHERE stage IS NOT NULL
