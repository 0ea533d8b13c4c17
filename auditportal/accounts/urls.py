"""Sign-in and sign-out from allauth; only the pages that we have looked at."""

from allauth.account import views as allauth
from django.urls import path

from auditportal.accounts import views

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("signup/", allauth.signup, name="account_signup"),
    path("password/reset/", views.cannot_sign_in, name="account_reset_password"),
]
