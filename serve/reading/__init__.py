"""Where do answers come from?"""
