"""Runs in the templates of other rooms."""

from django import template

from jobsportal.runs import pages

register = template.Library()
register.filter("title_of_run", pages.title_of)
