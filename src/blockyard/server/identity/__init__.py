"""Who acts: people, API keys, runs, the system; how they prove it and what they may do.

A request becomes one `Principal`. Use cases ask it, not the route: `require` for one object, `reach` for lists.
"""
