"""How is a column computed?"""
