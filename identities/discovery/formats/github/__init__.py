"""GitHub: answers of its REST API, as `gh api` prints them, and of webhooks. https://docs.github.com/rest"""
