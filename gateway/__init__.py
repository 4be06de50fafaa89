"""A development stand-in for a Fn server that needs neither Docker nor Fn.

It runs every function as a real FDK process on a unix socket and answers on one port as a Fn
server does: ``/invoke``, ``/t`` (HTTP triggers), ``/v2`` (the API of the Fn CLI). Production is Fn.
"""
