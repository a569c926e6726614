"""Which model is which in MLflow?"""
