"""How is a column said?"""
