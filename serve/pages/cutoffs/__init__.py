"""What would other cut-offs bring, asked on a page?"""
