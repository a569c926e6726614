"""Stage ``ingest``: which rows of a company's export can be believed?"""
