#!/usr/bin/env bash
# Build the image of docs/examples/container and let it work: a small company, a night, the server asked for its health.
# Where no registry of images can be reached, its base is made of Debian's packages. Needs root, or buildah's user namespaces.
set -euo pipefail
cd "$(dirname "$0")/../.."
missing=()
for package in buildah debootstrap; do command -v "$package" >/dev/null || missing+=("$package"); done
[ ${#missing[@]} -eq 0 ] || apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
store=${LEADSCORE_IMAGES:-$HOME/.cache/leadscore-tests/images}
mkdir -p "$store"
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
build=(buildah --root "$store/storage" --runroot "$store/run")

base=python:3.13-slim-bookworm
if ! timeout 60 "${build[@]}" pull -q "$base" >/dev/null 2>&1; then
  base=localhost/python:slim
  if ! "${build[@]}" inspect --type image "$base" >/dev/null 2>&1; then
    echo "no registry of images: a base of Debian's packages takes its place"
    work=$(mktemp -d)
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$work/root" >/dev/null
    ln -sf python3 "$work/root/usr/bin/python"
    cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/"  # what this machine trusts
    tar -C "$work/root" -cf "$work/root.tar" .
    printf 'FROM scratch\nADD root.tar /\nENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt\n' > "$work/Containerfile"
    printf 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt\nCMD ["python3"]\n' >> "$work/Containerfile"
    "${build[@]}" bud -q -t "$base" "$work" >/dev/null
    rm -rf "$work"
  fi
fi
echo "building on $base"
"${build[@]}" bud -q --format docker --network host --build-arg "PYTHON=$base" -t localhost/leadscore \
  -f docs/examples/container/Containerfile . >/dev/null

container=$("${build[@]}" from localhost/leadscore)
trap '"${build[@]}" rm "$container" >/dev/null' EXIT
inside() { "${build[@]}" run --network host "$container" -- "$@"; }
small=(--set simulate.leads=1500 --set simulate.events_per_lead=15 --set evaluate.bootstrap=50 --set evaluate.shap_rows=50)
inside leadscore --quiet demo --out /out "${small[@]}" >/dev/null
inside leadscore nightly --source sources/demo --data /out/simulate/export --out /out
inside sh -c 'leadscore serve --port 18000 & server=$!
  for _ in $(seq 120); do
    python -c "import urllib.request as r; r.urlopen(\"http://127.0.0.1:18000/v1/health\", timeout=4)" 2>/dev/null && break
    sleep 1
  done
  python -c "import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:18000/v1/health\", timeout=4).read().decode()[:16])"
  kill -INT $server; wait $server; echo "server ended with $?"; id -u; ls -ld /out'
