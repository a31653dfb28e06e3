# What of the official image's contract compose.yaml rests on: KAFKA_A_B is the broker's a.b, CLUSTER_ID is what it formats.
set -euo pipefail
config=/tmp/server.properties
env | grep '^KAFKA_' | grep -v '^KAFKA_HEAP_OPTS=' | while IFS='=' read -r name value; do
  name=${name#KAFKA_}
  name=${name,,}
  echo "${name//_/.}=$value"
done > "$config"
java=(/opt/java/bin/java -XX:TieredStopAtLevel=1 -cp '/opt/kafka/*')
"${java[@]}" kafka.tools.StorageTool format --ignore-formatted --cluster-id "$CLUSTER_ID" --config "$config"
exec "${java[@]}" ${KAFKA_HEAP_OPTS:-} kafka.Kafka "$config"
