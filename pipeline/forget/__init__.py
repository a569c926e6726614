"""Is a person gone from everything that is ours?"""
