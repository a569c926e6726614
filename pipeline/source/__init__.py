"""How is a source folder read and its SQL run?"""
