"""From which probability is a lead handed over?"""
