#!/bin/sh
# A web service of its own: the platform gives it a route, and pods as its load asks for.
printf '%s\n' "$MESSAGE" > /usr/share/nginx/html/index.html
exec nginx -g 'daemon off;'
