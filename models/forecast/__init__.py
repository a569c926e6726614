"""How do the targets become one saved forecast, and how is it trained?"""
