"""What has a check or a brake found, and how is it said in a language?"""
