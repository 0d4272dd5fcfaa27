#!/bin/sh
# Makes every password that is not there yet, and the broker's files from all of them. Runs again without harm.
#
# $SECRETS holds one folder, and in compose one volume, per kind of reader:
#   broker/    passwords (hashed), acl, health/mosquitto_sub      for the broker
#   stations/  one file per station, named after it               for the simulator, and to be typed into real stations
#   service/   mqtt-password, desk-secret (later also influx-token)  for the service
#   influxdb/  admin-password, admin-token                        for InfluxDB and the making of tokens
#   grafana/   admin-password (later also influx-read-token)      for Grafana
#   people/    mqtt-<name> per reader (later influx-read-token)   for people
set -eu
umask 077

SECRETS=${SECRETS:-/secrets}
STATIONS=${STATIONS:-/config/stations.toml}
ACL=${ACL:-/config/mosquitto/acl}
READERS=${READERS:-}
# Empty volumes that are to belong to the service's user, if there are any.
VOLUMES=${VOLUMES:-/volumes}
# Numbers, for these users have names only in the other images.
BROKER_OWNER=${BROKER_OWNER:-1883:1883}
SERVICE_OWNER=${SERVICE_OWNER:-10001:10001}
INFLUXDB_OWNER=${INFLUXDB_OWNER:-1000:10001}

fail() {
    echo "secrets: $*" >&2
    exit 1
}

# folder NAME OWNER: there, and closed to others.
folder() {
    mkdir -p "$SECRETS/$1"
    chown "$2" "$SECRETS/$1"
    chmod 0750 "$SECRETS/$1"
}

# place FILE OWNER MODE: FILE.new takes the place of FILE, in one step and with its reader's rights.
place() {
    chown "$2" "$SECRETS/$1.new"
    chmod "$3" "$SECRETS/$1.new"
    mv "$SECRETS/$1.new" "$SECRETS/$1"
}

# secret FILE OWNER MODE: 192 random bits, unless the file is there.
secret() {
    [ ! -s "$SECRETS/$1" ] || return 0
    value=$(od -An -v -N24 -tx1 /dev/urandom | tr -d ' \n')
    [ "${#value}" -eq 48 ] || fail "no random numbers from /dev/urandom"
    printf '%s\n' "$value" > "$SECRETS/$1.new"
    place "$1" "$2" "$3"
    echo "secrets: made $1"
}

# station_ids: those of lines such as [stations.HTB01], the way the shipped file writes them.
station_ids() {
    tr -d '\r' < "$STATIONS" | sed -n \
        "s/^[[:space:]]*\[[[:space:]]*stations[[:space:]]*\.[[:space:]]*[\"']\{0,1\}\([A-Za-z0-9_-]\{1,32\}\)[\"']\{0,1\}[[:space:]]*\][[:space:]]*\(#.*\)\{0,1\}\$/\1/p"
}

# account USER FILE: one line of the list of passwords, still in clear.
account() {
    printf '%s:%s\n' "$1" "$(cat "$SECRETS/$2")" >> "$SECRETS/broker/passwords.new"
}

[ -r "$STATIONS" ] || fail "$STATIONS cannot be read"
[ -r "$ACL" ] || fail "$ACL cannot be read"
stations=$(station_ids)
[ -n "$stations" ] || fail "$STATIONS has no line such as [stations.HTB01]"
for name in $READERS; do
    case $name in *[!A-Za-z0-9_-]*) fail "READERS: $name: only A-Z a-z 0-9 _ - may be used" ;; esac
done
for name in $stations $READERS; do
    case " gauge-ingest health service alerts " in *" $name "*) fail "$name cannot name a station or a reader" ;; esac
done
for name in $READERS; do
    for station in $stations; do
        [ "$name" != "$station" ] || fail "$name names both a station and a reader"
    done
done

for name in broker broker/health; do folder "$name" "$BROKER_OWNER"; done
for name in stations service grafana people; do folder "$name" "$SERVICE_OWNER"; done
folder influxdb "$INFLUXDB_OWNER"

for name in grafana metrics; do
    [ ! -d "$VOLUMES/$name" ] || chown "$SERVICE_OWNER" "$VOLUMES/$name"
done

secret broker/health/password "$BROKER_OWNER" 0600
secret service/mqtt-password "$SERVICE_OWNER" 0600
secret service/desk-secret "$SERVICE_OWNER" 0600
for name in $stations; do secret "stations/$name" "$SERVICE_OWNER" 0600; done
for name in $READERS; do secret "people/mqtt-$name" "$SERVICE_OWNER" 0600; done
secret grafana/admin-password "$SERVICE_OWNER" 0600
# The making of tokens reads these through the group.
secret influxdb/admin-password "$INFLUXDB_OWNER" 0640
secret influxdb/admin-token "$INFLUXDB_OWNER" 0640

: > "$SECRETS/broker/passwords.new"
account gauge-ingest service/mqtt-password
account health broker/health/password
for name in $stations; do account "$name" "stations/$name"; done
for name in $READERS; do account "$name" "people/mqtt-$name"; done
# Hashes the whole file at once: passwords on a command line could be seen in the list of processes.
mosquitto_passwd -U "$SECRETS/broker/passwords.new"
place broker/passwords "$BROKER_OWNER" 0600

cat "$ACL" > "$SECRETS/broker/acl.new"
for name in $READERS; do
    printf '\nuser %s\ntopic read rain/v1/alerts/#\n' "$name" >> "$SECRETS/broker/acl.new"
done
place broker/acl "$BROKER_OWNER" 0600

# Options that mosquitto_sub reads by itself, again to keep the password off the command line.
printf '%s\n' '-u health' "-P $(cat "$SECRETS/broker/health/password")" > "$SECRETS/broker/health/mosquitto_sub.new"
place broker/health/mosquitto_sub "$BROKER_OWNER" 0600
echo "secrets: the broker knows $(wc -l < "$SECRETS/broker/passwords" | tr -d ' ') users"
