"""What may a company ask of a cut-off?"""
