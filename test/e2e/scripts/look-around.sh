# What a script finds in its pod: volumes, files and variables that could be a secret, and what it might do as who it is.
while read -r _ at _ options _; do
  case $at in
  / | /dev* | /proc* | /sys* | /etc/*) ;; # the container runtime's
  *) echo "volume $at ${options%%,*}" ;;
  esac
done </proc/mounts
find -L /var/run/secrets -type f -not -path '*/..*' | sed 's/^/secret /'
env | cut -d = -f 1 | grep -iE 'token|secret|passw|credential|key' | sed 's/^/variable /'
grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -s ':\t' ' '
for file in /oscar/bin/supervisor.cjs /oscar/config/script.sh /var/run/secrets/providers/minio.default/accessKey; do
  if { echo >>"$file"; } 2>/dev/null; then echo "changed $file"; fi
done
