"""The simulated company, idea by idea: people, accounts, campaigns, intent, activity, points, sales, truth."""
