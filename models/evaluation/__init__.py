"""Is the model better than the points?"""
