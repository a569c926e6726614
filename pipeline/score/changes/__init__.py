"""Why is a score another than in the run before?"""
