"""How is a number, a date or a sentence said in a language?"""
