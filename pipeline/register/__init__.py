"""Stage ``register``: which model becomes champion?"""
