"""`{% load handoff %}`: what the pages of a handoff format for themselves."""

from django import template

from escalations.domain.file_types import sign_of

register = template.Library()
register.filter("file_sign", sign_of)
