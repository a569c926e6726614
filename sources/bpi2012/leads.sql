SELECT
    application_id AS lead_id,
    registered_at AS created_at,
    amount_requested AS amount
FROM read_csv('applications.csv', all_varchar = true)
