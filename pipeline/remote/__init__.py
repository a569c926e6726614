"""How is another program asked over HTTP?"""
