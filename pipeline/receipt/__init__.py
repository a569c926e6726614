"""Stage ``receipt``: who won at the working depth, and who has signed?"""
