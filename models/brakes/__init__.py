"""Is tonight plausible beside the last nights, and does its result move too many people?"""
