"""Stage ``evaluate``: is the model better than the points on the untouched test period?"""
