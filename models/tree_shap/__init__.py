"""Which part of a tree model's log-odds does each column account for?"""
