// The form of an order.
