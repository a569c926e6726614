"""Which stages do the files tell of, in which order?"""
