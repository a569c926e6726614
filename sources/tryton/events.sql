-- What people noted at an opportunity: the word before the colon says what it was, in English or German.
-- Kinds that this list does not know are notes of sales.
SELECT
    lead_id,
    noted_at AS occurred_at,
    coalesce(known.event_type, 'note') AS event_type,
    coalesce(known.actor, 'sales') AS actor
FROM 'notes.csv'
LEFT JOIN (
    VALUES
        ('visit', 'visit', 'lead'), ('besuch', 'visit', 'lead'),
        ('download', 'download', 'lead'),
        ('subscribe', 'subscribe', 'lead'), ('abonniert', 'subscribe', 'lead'),
        ('follow', 'follow', 'lead'), ('folgt', 'follow', 'lead'),
        ('request', 'request', 'lead'), ('anfrage', 'request', 'lead'),
        ('call', 'call', 'sales'), ('anruf', 'call', 'sales'),
        ('mail', 'mail', 'sales'),
        ('meeting', 'meeting', 'sales'), ('termin', 'meeting', 'sales')
) AS known (kind, event_type, actor) USING (kind)
