"""How does the evaluation read as a page?"""
