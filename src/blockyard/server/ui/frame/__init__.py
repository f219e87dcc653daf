"""What all pages are made of: the frame around them, who looks at them, refusals, words, values, lists, forms, dialogs.

It knows no page. Each template stands beside the module that fills it.
"""
