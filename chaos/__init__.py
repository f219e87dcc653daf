"""Kills the processes of Blockyard in the midst of runs and checks that every run ends right by itself.

`python -m chaos` (or `make chaos`) starts whole installations: a server, a runner, PostgreSQL, a real engine. Between
runner and server sits a recording proxy that can kill at a chosen request; resources of the module wait at gates. Each
point is one run and one kill, named `<action>/<place>/<moment>/<victims>`, and can be repeated alone by its name.
"""
