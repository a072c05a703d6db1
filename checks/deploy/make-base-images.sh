#!/bin/sh
# Builds the images that the Dockerfile and compose.yaml name, on a machine without access to an image registry: a
# Debian from debootstrap, with the programs from Debian and npm, tagged with those names. A machine with access to a
# registry uses the official images and does not need this script.
#
#   make-base-images.sh FOLDER NODE POSTGRESQL
#
# FOLDER keeps the Debian between runs, NODE is a node binary, POSTGRESQL the folder of the embedded PostgreSQL (native/).
set -eu
folder=$1 node=$2 postgresql=$3
mkdir -p "$folder"
debian="$folder/rootfs"
[ -e "$debian/etc/debian_version" ] || debootstrap --variant=minbase bookworm "$debian"

if ! docker image inspect phaselock-test/debian >/dev/null 2>&1; then
  # The CA certificates of this machine, so that apt and npm work in a build as they do here.
  mkdir -p "$debian/etc/ssl/certs"
  cp /etc/ssl/certs/ca-certificates.crt "$debian/etc/ssl/certs/"
  tar -C "$debian" -c . | docker import \
    --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - phaselock-test/debian
fi

image() {
  docker image inspect "$1" >/dev/null 2>&1 || docker build --quiet --network host --tag "$1" "$2"
}

# node:24.21.0-slim: node, npm and the user `node`, as in the official image.
base="$folder/node"
rm -rf "$base" && mkdir -p "$base"
cp "$node" "$base/node"
# Found through npm itself, because the repository's node, which comes first on the PATH, has no npm next to it.
cp -R "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$base/npm"
cat > "$base/Dockerfile" <<'END'
FROM phaselock-test/debian
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates libatomic1 libstdc++6 && rm -rf /var/lib/apt/lists/* /var/cache/apt
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && mkdir -p /usr/local/etc && echo 'cafile=/etc/ssl/certs/ca-certificates.crt' > /usr/local/etc/npmrc \
 && groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node
END
cp /etc/ssl/certs/ca-certificates.crt "$base/ca.crt"
# Copied again, because installing ca-certificates overwrites the file.
echo 'COPY ca.crt /etc/ssl/certs/ca-certificates.crt' >> "$base/Dockerfile"
image node:24.21.0-slim "$base"

# postgres:18: the programs of the embedded package, and the parts of the official entry point that compose.yaml uses.
base="$folder/postgres"
rm -rf "$base" && mkdir -p "$base"
# Includes the symbolic links between its libraries, which its installation has created.
cp -R "$postgresql" "$base/native"
cat > "$base/entrypoint.sh" <<'END'
#!/bin/bash
set -eu
export PGDATA=/var/lib/postgresql/18/docker PATH="/opt/native/bin:$PATH"
if [ ! -e "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA" && chown -R postgres "$PGDATA" && chmod 700 "$PGDATA"
  password="$(mktemp)" && chown postgres "$password"
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then cat "$POSTGRES_PASSWORD_FILE"; else echo "$POSTGRES_PASSWORD"; fi > "$password"
  setpriv --reuid postgres --regid postgres --clear-groups \
    initdb --username "$POSTGRES_USER" --pwfile "$password" --auth scram-sha-256 --auth-local trust --encoding UTF8 --locale C
  rm "$password"
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "create database $POSTGRES_DB" |
    setpriv --reuid postgres --regid postgres --clear-groups postgres --single -D "$PGDATA" postgres
fi
mkdir -p /var/run/postgresql && chown postgres /var/run/postgresql
[ "${1:-postgres}" != postgres ] || shift || true
exec setpriv --reuid postgres --regid postgres --clear-groups \
  postgres -D "$PGDATA" -c 'listen_addresses=*' -c unix_socket_directories=/var/run/postgresql "$@"
END
chmod 755 "$base/entrypoint.sh"
cat > "$base/Dockerfile" <<'END'
FROM phaselock-test/debian
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-client-15 && rm -rf /var/lib/apt/lists/* /var/cache/apt
COPY native /opt/native
RUN id postgres >/dev/null 2>&1 || useradd --system --home-dir /var/lib/postgresql postgres; chmod -R a+rX /opt/native && chmod 755 /opt/native/bin/*
COPY entrypoint.sh /entrypoint.sh
VOLUME /var/lib/postgresql
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["/entrypoint.sh"]
CMD ["postgres"]
END
image postgres:18 "$base"

# redis:8 and nginx:1.29: Debian's older versions (7.0 and 1.22), which support everything compose.yaml uses.
base="$folder/redis"
mkdir -p "$base"
cat > "$base/Dockerfile" <<'END'
FROM phaselock-test/debian
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* /var/cache/apt
EXPOSE 6379
USER redis
CMD ["redis-server", "--protected-mode", "no"]
END
image redis:8 "$base"

base="$folder/nginx"
mkdir -p "$base"
cat > "$base/Dockerfile" <<'END'
FROM phaselock-test/debian
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/* /var/cache/apt /etc/nginx/sites-enabled/default
EXPOSE 8080
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
END
image nginx:1.29 "$base"
