"""What has changed since the model was trained?"""
