"""Is volume or quality slipping?"""
