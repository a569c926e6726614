"""Stage ``labels``: what became of every snapshot, and which part of the time split is it in?"""
