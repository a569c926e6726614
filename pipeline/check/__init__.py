"""What was understood of an export, and does it suffice?"""
