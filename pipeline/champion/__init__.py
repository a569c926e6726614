"""Which decision is in force?"""
