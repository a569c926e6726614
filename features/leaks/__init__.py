"""Does a column know the outcome?"""
