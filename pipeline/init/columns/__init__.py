"""How are the values of a column written, and what do they hold?"""
