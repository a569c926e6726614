"""How is a run of scores taken back?"""
