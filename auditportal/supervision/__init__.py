"""What `manage.py up` does: get the place ready, start web server, worker, beat and, if none is given, a broker,
keep them running, and leave nothing behind.

places.py    folders, the lock that keeps a second start out, what stands in the way in one sentence
ports.py     which port the web server gets, and holding it
broker.py    the embedded Valkey on a private socket
database.py  new, current, older or newer than the code; demo or real
first.py     what happens once: tables, keys, the demo organisation or the first administrator's link
children.py  one child process: start, output, end
supervisor.py  the loop over them
"""
