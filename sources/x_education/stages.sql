WITH leads AS (
    SELECT
        "Prospect ID" AS lead_id,
        TIMESTAMP '2000-01-01' + row_number() OVER (ORDER BY "Lead Number"::BIGINT) * INTERVAL 1 HOUR AS created_at,
        "Converted" AS converted
    FROM read_csv('Leads.csv', all_varchar = true)
)
SELECT lead_id, 'LEAD' AS stage, created_at AS entered_at FROM leads
UNION ALL
SELECT lead_id, CASE converted WHEN '1' THEN 'WON' WHEN '0' THEN 'LOST' END, created_at + INTERVAL 1 SECOND
FROM leads WHERE converted IN ('0', '1')
ORDER BY ALL
