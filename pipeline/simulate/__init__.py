"""Stage ``simulate``: what would a company with a known truth have exported?"""
