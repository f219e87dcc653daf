"""HTTP of identity: whose request it is, sign-in, API keys, people, groups, admin roles."""

from blockyard.server.identity.api.admin_bindings import admin_binding_routes
from blockyard.server.identity.api.authenticate import (
    ADD_FACTOR_FIRST,
    CHANGE_FIRST,
    CSRF_HEADER,
    DEVICE_COOKIE,
    SESSION_COOKIE,
    authenticate_with,
    clear_session_cookie,
    require_csrf,
    require_own_password,
    set_device_cookie,
    set_session_cookie,
)
from blockyard.server.identity.api.current import (
    Authenticate,
    CurrentPrincipal,
    Who,
    current_principal,
    holding,
    who_asks,
)
from blockyard.server.identity.api.groups import group_routes
from blockyard.server.identity.api.keys import key_routes
from blockyard.server.identity.api.login import address_of, login_routes
from blockyard.server.identity.api.people import people_routes
from blockyard.server.identity.api.sign_in_methods import sign_in_method_routes
from blockyard.server.identity.api.signin import SignIn

__all__ = [
    "ADD_FACTOR_FIRST",
    "CHANGE_FIRST",
    "CSRF_HEADER",
    "DEVICE_COOKIE",
    "SESSION_COOKIE",
    "Authenticate",
    "CurrentPrincipal",
    "SignIn",
    "Who",
    "address_of",
    "admin_binding_routes",
    "authenticate_with",
    "clear_session_cookie",
    "current_principal",
    "group_routes",
    "holding",
    "key_routes",
    "login_routes",
    "people_routes",
    "require_csrf",
    "require_own_password",
    "set_device_cookie",
    "set_session_cookie",
    "sign_in_method_routes",
    "who_asks",
]
