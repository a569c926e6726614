"""Which knobs are there?"""
