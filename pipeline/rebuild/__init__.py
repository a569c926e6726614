"""Is a past score what stored model, cut-offs, rules and facts give?"""
