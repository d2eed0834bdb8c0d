#!/bin/sh
# A web service of its own: the platform gives it a Service, and pods as its load asks for.
folder=$(mktemp -d)
printf '%s\n' "$MESSAGE" >"$folder/index.html"
exec httpd -f -p 8000 -h "$folder"
