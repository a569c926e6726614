"""What would other cut-offs bring?"""
