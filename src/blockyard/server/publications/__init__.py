"""Publications: who outside the owner's workspace may know of a definition (or another service), and the review before that.

What is offered has a `Publication`: a state, which moves by the table in `model`, and an audience. Each request for a review is a row that
stays as history; at most one of a service is undecided. The service itself belongs to a higher feature, which is told of decisions.
"""
