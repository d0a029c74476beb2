#!/bin/sh
# A person's browser stands on a machine of their own. This one shares the lab's processors, and must not take from what recovers.
exec nice -n 10 "$DSP_WALK_CHROMIUM" "$@"
