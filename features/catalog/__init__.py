"""Which columns are there, and how are they said?"""
