"""How does a night go: ingest, features, brakes, score, and nothing half-done?"""
