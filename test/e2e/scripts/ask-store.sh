# Sends each of REQUESTS, HTTP in base64, to the store, and says the status of each answer.
for request in $REQUESTS; do
  exec 3<>/dev/tcp/oscar-minio.oscar.svc/9000
  base64 -d <<<"$request" >&3
  read -r _ status _ <&3
  exec 3<&-
  echo "$status"
done
