"""How good is a score, and how sure is that?"""
