"""Stage ``features``: what was known of every lead at every snapshot?"""
