WITH leads AS (
    SELECT
        "Prospect ID" AS lead_id,
        TIMESTAMP '2010-01-01' + "Lead Number"::BIGINT * INTERVAL 10 MINUTE AS created_at,
        "Converted" AS converted
    FROM read_csv('Leads.csv', all_varchar = true)
)
SELECT lead_id, 'LEAD' AS stage, created_at AS entered_at FROM leads
UNION ALL
SELECT lead_id, 'WON', created_at + INTERVAL 1 SECOND FROM leads WHERE converted = '1'
ORDER BY ALL
