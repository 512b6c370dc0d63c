"""Who is on the platform and on what terms; the leftmost package of the import rule.

    agencies  <-  uploads  <-  assignments  <-  portal

Imports point left, data moves right: nothing here may know of a case, a file or a page.
"""
