"""Which files are one decision, and are they what both teams signed?"""
