#!/bin/sh
# Installs from Debian the programs that the tests start, where they are missing and this user may install.
set -eu
missing=""
has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/usr/local/sbin/$1" ]; }
has mosquitto || missing="$missing mosquitto"
has mosquitto_sub || missing="$missing mosquitto-clients"
has openssl || missing="$missing openssl"
has victoria-metrics || missing="$missing victoria-metrics"
# Debian puts the programs of PostgreSQL where no PATH leads.
{ has initdb && has postgres; } || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
# The programs alone: the package mariadb-server would start a server of its own.
has mariadbd || missing="$missing mariadb-server-core"
has my_print_defaults || missing="$missing mariadb-client"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need:$missing. Install them first (Debian: apt-get install$missing)." >&2
    exit 1
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# No service may be started by the installation: the tests start their own.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
