"""How do I use it on my own table?"""
