"""When is a lead looked at, what became of it, and who may learn from it?"""
