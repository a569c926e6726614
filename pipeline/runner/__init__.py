"""How is a stage run, skipped or resumed?"""
