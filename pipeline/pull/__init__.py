"""How do facts come out of a CRM?"""
