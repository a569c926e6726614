"""Stage ``train``: how is the forecast trained and saved?"""
