"""What do people's rules say: points, gates, exclusions, veto; and what stands in where there are none?"""
