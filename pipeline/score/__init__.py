"""Stage ``score``: what does every open lead get tonight, and where is it kept?"""
