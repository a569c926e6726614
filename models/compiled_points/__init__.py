"""How does a model become a points table?"""
