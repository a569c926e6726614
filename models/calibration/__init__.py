"""Do the percentages hold?"""
