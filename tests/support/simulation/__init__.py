"""A deterministic simulation of orders, queue, leases, graph and aborts, over the product's own services.

One seed draws everything: who acts next, what fails on the way, how far the clock moves. See docs/simulation.md.
"""
