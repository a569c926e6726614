"""How are facts put in order, and read as of a moment?"""
