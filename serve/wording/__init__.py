"""How is it said, in German and English?"""
