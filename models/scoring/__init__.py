"""What does a lead get each night, and why?"""
