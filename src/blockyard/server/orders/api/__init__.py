"""The routes of whole orders, and of the marketplace."""

from blockyard.server.orders.api.marketplace import marketplace_routes
from blockyard.server.orders.api.orders import order_routes

__all__ = ["marketplace_routes", "order_routes"]
