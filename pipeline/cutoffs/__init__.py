"""Stage ``cutoffs``: from which probability is a lead handed over?"""
