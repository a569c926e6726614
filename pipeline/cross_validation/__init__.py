"""How good are these settings on later leads, without a look at the test?"""
