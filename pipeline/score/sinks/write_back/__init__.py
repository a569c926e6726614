"""How do scores reach the tools in which people work?"""
