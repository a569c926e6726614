"""How is a finished run turned into a points table to type into a tool?"""
