"""What would a source folder for these files look like?"""
