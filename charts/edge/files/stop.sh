#!/bin/bash
# keepalived has been told to stop at the same moment and hands the address over; requests already here are finished.
sleep 1
kill -USR1 1
# The container ends with HAProxy, at the latest when its hard-stop-after has passed.
sleep 27
