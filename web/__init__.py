"""How a page is made: request type, page or fragment, forms, components, columns, pagination, navigation.

Knows nothing about tickets or people; what the other apps bring, they register.
"""
