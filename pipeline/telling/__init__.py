"""Who is told what, by which channel and in which words, each once?"""
