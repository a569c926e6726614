-- What sales found out, as of the moment of each note: "Budget: confirmed", "Bedarf: offen".
SELECT lead_id, noted_at AS changed_at, known.field, answer AS value
FROM 'notes.csv'
JOIN (
    VALUES
        ('budget', 'budget'),
        ('authority', 'authority'), ('entscheider', 'authority'),
        ('need', 'need'), ('bedarf', 'need'),
        ('timeline', 'timeline'), ('zeitplan', 'timeline')
) AS known (kind, field) USING (kind)
WHERE answer <> ''
