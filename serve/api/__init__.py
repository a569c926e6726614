"""What do tools ask?"""
