-- The day of the first contact has no hour: the lead is taken as known at the end of it. Then nothing that happened
-- later that day is used, and 60 days from there end with day 60 after the contact.
-- The columns after origin come from the closed deals: they exist for winners only. source.yaml does not declare them,
-- so no forecast uses them; `leadscore check` shows why.
SELECT
    q.mql_id AS lead_id,
    q.first_contact_date::TIMESTAMP + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND AS created_at,
    q.landing_page_id,
    q.origin,
    d.* EXCLUDE (mql_id, won_date)
FROM read_csv('olist_marketing_qualified_leads_dataset.csv', all_varchar = true) AS q
LEFT JOIN read_csv('olist_closed_deals_dataset.csv', all_varchar = true) AS d USING (mql_id)
ORDER BY q.first_contact_date, q.mql_id
