"""Which columns are there, and how is each computed?"""
