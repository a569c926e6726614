"""Where do scores go?"""
