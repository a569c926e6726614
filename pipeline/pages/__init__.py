"""How do pages and tables for people look and speak?"""
