"""What would the nightly job have seen on past nights?"""
