"""Why does this lead have its score, and what may the person behind it be told?"""
