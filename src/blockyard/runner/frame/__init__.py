"""All that executors stand on, and nothing of any of them.

`executor` says what an executor is and what it gets; `work` is a run in progress, `stages` goes through it; `inputs` opens what is
sealed; `failures` are the ways a step ends early; `files`, `made_files` and `values` are what runs are given and leave behind.
Executors import this and nothing else of the runner; nothing here, nor the runner around it, knows one of them.
"""
