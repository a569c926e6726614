"""What did earlier stages leave, and how is it read?"""
