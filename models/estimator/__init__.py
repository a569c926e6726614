"""How does one target get its log-odds?"""
