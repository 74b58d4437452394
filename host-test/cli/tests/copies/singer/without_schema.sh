#!/bin/sh
# The program, but for its SCHEMA messages: what a tap must not be.
penstock "$@" | grep -v '"type":"SCHEMA"'
