-- Every row of the export is a marketing-qualified lead. A deal won on the day of the first contact (33 of them; one
-- two days before it) counts as won right after it: the hour of the contact is not known.
WITH leads AS (
    SELECT mql_id, first_contact_date::TIMESTAMP + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND AS created_at
    FROM read_csv('olist_marketing_qualified_leads_dataset.csv', all_varchar = true)
)
SELECT mql_id AS lead_id, 'MQL' AS stage, created_at AS entered_at, NULL::VARCHAR AS reason FROM leads
UNION ALL
SELECT mql_id, 'WON', greatest(won_date::TIMESTAMP, created_at + INTERVAL 1 MICROSECOND), NULL
FROM leads JOIN read_csv('olist_closed_deals_dataset.csv', all_varchar = true) USING (mql_id)
ORDER BY ALL
