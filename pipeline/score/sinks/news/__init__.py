"""What has become true that somebody is told, and who was told already?"""
