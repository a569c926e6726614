"""What was known, and what scored, on each past night?"""
