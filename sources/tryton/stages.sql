-- Tryton's states. Whoever presses "Lead" at an opportunity hands it back: that is no new lead, it is back to nurturing.
SELECT
    lead_id,
    CASE
        WHEN stage = 'LEAD' AND lag(stage) OVER (PARTITION BY lead_id ORDER BY entered_at) = 'OPPORTUNITY'
            THEN 'RECYCLED'
        ELSE stage
    END AS stage,
    entered_at
FROM 'stages.csv'
