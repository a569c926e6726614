"""How does the mass work run on a Spark cluster, and give what the laptop gives?"""
