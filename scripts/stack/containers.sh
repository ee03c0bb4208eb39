#!/usr/bin/env bash
# Brings up Jaeger and Prometheus by the compose files themselves, with images made of the programs that
# scripts/stack.sh built, under the names in the compose files; then runs the same assertions. Grafana is left
# out. Containers and images made here are removed at the end; an image that was there before, such as the
# released one, is run as it is. Ends with status 3 where something for it is missing. It needs root: the sockets
# and the processes of containers are those of other users.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
programs=${programs:-$PWD/target/stack}

if [ "$(id -u)" -ne 0 ]; then
  echo "only root sees the sockets of containers and can kill what runs in them: start scripts/stack.sh as root" >&2
  exit 3
fi
if ! docker compose version >/dev/null 2>&1; then
  echo "docker compose is missing: the containers are brought up with Compose 2" >&2
  exit 3
fi
busybox=$(command -v busybox || true)
if [ -z "$busybox" ] || ldd "$busybox" >/dev/null 2>&1; then
  echo "a static busybox is missing (package \"busybox-static\" of Debian and Ubuntu): health checks ask by wget" >&2
  exit 3
fi

# A project of its own: a stack that the user has brought up is left alone.
export COMPOSE_PROJECT_NAME=breaker-lab-stack
compose=(docker compose -f docker-compose.linux.yml)
desktop=(docker compose -f docker-compose.observability.yml)
there=$(docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME")
if [ -n "$there" ]; then
  echo "containers of another run are there: wait for its end, or, if it was killed, remove them by" >&2
  echo "docker compose -p $COMPOSE_PROJECT_NAME down --volumes" >&2
  exit 1
fi
folder=$(mktemp -d)
made=()
clean() {
  # Only the file for Docker Desktop knows its network.
  "${compose[@]}" down --volumes --remove-orphans --timeout 10 >/dev/null 2>&1 || true
  "${desktop[@]}" down --volumes --timeout 10 >/dev/null 2>&1 || true
  [ ${#made[@]} -eq 0 ] || docker image rm "${made[@]}" >/dev/null || true
  rm -rf "$folder"
}
trap clean EXIT

made_by=breaker-lab-stack

# An image like the released one: the program at its place, its user, and wget for the health check.
image() {
  local name=$1 place=$2 user=$3 data=$4 listen=$5 tag
  tag=$("${compose[@]}" config --images | grep "/$name:")
  if docker image inspect "$tag" >/dev/null 2>&1; then
    # One that a killed run left behind is made anew, of today's programs.
    if ! docker image inspect --format '{{json .Config.Labels}}' "$tag" | grep -qF "\"$made_by\""; then
      echo "$tag is there already, and is run as it is"
      return
    fi
  fi
  local context=$folder/$name
  mkdir -p "$context/root/bin" "$context/root/tmp" "$context/root$data" "$context/root$(dirname "$place")"
  cp "$busybox" "$context/root/bin/busybox"
  ln -s busybox "$context/root/bin/wget"
  ln -s busybox "$context/root/bin/sh"
  cp "$programs/$name" "$context/root$place"
  chmod 1777 "$context/root/tmp" "$context/root$data"
  cat >"$context/Dockerfile" <<END
FROM scratch
LABEL $made_by=""
COPY root /
ENV $listen
USER $user
WORKDIR $data
ENTRYPOINT ["$place"]
END
  docker build --quiet --tag "$tag" "$context"
  made+=("$tag")
}

# As cmd/jaeger/Dockerfile and Dockerfile of the two projects have it.
image jaeger /cmd/jaeger/jaeger-linux 10001 /tmp JAEGER_LISTEN_HOST=0.0.0.0
image prometheus /bin/prometheus 65534 /prometheus HOME=/

# Brings up a file; a warning is a failure.
up() {
  local said
  said=$("$@" up --detach --wait jaeger prometheus 2>&1) || { echo "$said"; return 1; }
  if grep -qi "level=warn\|discarded" <<<"$said"; then
    echo "FAILED: compose warns: $said" >&2
    return 1
  fi
}

say() { printf '\n-- %s\n' "$1"; }

say "the file for Docker Desktop: healthy, published on loopback only"
up "${desktop[@]}"
published=$("${desktop[@]}" ps --format '{{.Service}} {{.Health}} {{.Ports}}')
echo "$published"
for port in 9090 16686; do
  if ! grep -q "127\.0\.0\.1:$port->" <<<"$published"; then
    echo "FAILED: $port is not published on loopback" >&2
    exit 1
  fi
done
open=$(grep -o '[^ ,]*->' <<<"$published" | grep -vc '^127\.0\.0\.1:' || true)
if [ "$open" != 0 ]; then
  echo "FAILED: published beyond loopback" >&2
  exit 1
fi
"${desktop[@]}" down --volumes --timeout 10 >/dev/null 2>&1

say "the file for Linux: everything that is asserted of the programs"
up "${compose[@]}"
docker stats --no-stream --format '{{.Name}} {{.MemUsage}}'
STACK_CONTAINERS=1 cargo test --quiet --package end-to-end --test stack
