"""Which tables come in, and what must a row be?"""
