"""What would other cut-offs bring, asked of a finished run?"""
