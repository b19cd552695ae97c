# shellcheck shell=bash
# The images: one recipe folder each, built on the shared base, pushed to the
# local registry under the official name.
#
# A recipe folder holds a Dockerfile (ARG VERSION is the official tag) and,
# where files come from a registry that a build cannot reach, an executable
# `prepare.sh OUTDIR VERSION`, whose output is in the build context as
# ./prepared. Its exit code 75 says that the image cannot be had here.

CANNOT_BE_HAD=75

# Images that the product's settings name, then those only the tests use.
wanted_images() {
  {
    sed -nE 's/^[A-Z0-9_]+_IMAGE=([^[:space:]#]+).*/\1/p' "$HERE/../../.env.example"
    sed -E '/^(#|$)/d' "$HERE/images/extra-images"
  } | awk '!seen[$0]++'
}

hash_folder() {
  (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum && find . -type f -perm -u+x | LC_ALL=C sort) | sha256sum | cut -c1-24
}

BASE_HASH="$(hash_folder "$HERE/images/base")"

# digest_in_registry REPOSITORY TAG: empty where the registry has no such tag.
digest_in_registry() {
  curl -s -m 5 -I -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
    "http://$REGISTRY_ADDRESS/v2/$1/manifests/$2" | tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}

# The recipe's hash is a second tag: equal digests mean that the official tag
# holds what this recipe makes, whatever state an earlier run left.
is_built() {
  local digest
  digest="$(digest_in_registry "$1" "$2")"
  [[ -n "$digest" && "$digest" == "$(digest_in_registry "$1" "recipe-$3")" ]]
}

image_label() { docker_cli image inspect -f "{{ index .Config.Labels \"$HASH_LABEL\" }}" "$1" 2>/dev/null; }

build_base() {
  local hash="$BASE_HASH" root="$STATE/base-root"
  [[ "$(image_label "$BASE_IMAGE" || true)" != "$hash" ]] || return 0
  say 'building the base image'
  remove_tree "$root"
  "$HERE/images/base/build.sh" "$root" "$(debian_mirror)" "$(debian_codename)" >"$RUN/build-base.log" 2>&1 ||
    fail 'the base image cannot be built' "see $RUN/build-base.log"
  tar -C "$root" --numeric-owner --one-file-system -c . | docker_cli import \
    --change "LABEL $HASH_LABEL=$hash" --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    - "$BASE_IMAGE" >>"$RUN/build-base.log"
  remove_tree "$root"
}

# prepare_files NAME TAG: runs a recipe's prepare.sh once; prints its output folder.
prepare_files() {
  local recipe="$HERE/images/$1" out code=0
  [[ -x "$recipe/prepare.sh" ]] || return 0
  out="$STATE/prepared/$1-$2-$(sha256sum "$recipe/prepare.sh" | cut -c1-24)"
  if [[ ! -d "$out" ]]; then
    rm -rf "$STATE/prepared/$1-$2-"*
    mkdir -p "$out.new"
    timeout 1200 "$recipe/prepare.sh" "$out.new" "$2" >"$RUN/prepare-$1.log" 2>&1 || code=$?
    ((code == 0)) || return "$code"
    mv "$out.new" "$out"
  fi
  printf '%s' "$out"
}

# build_image NAME REPOSITORY TAG HASH
build_image() {
  local name="$1" target="$REGISTRY_ADDRESS/$2:$3" context="$STATE/context-$1-$3" prepared
  prepared="$(prepare_files "$name" "$3")" || return
  rm -rf "$context"
  {
    cp -a "$HERE/images/$name" "$context" &&
      { [[ -z "$prepared" ]] || cp -al "$prepared" "$context/prepared"; } &&
      docker_cli build --network host --force-rm --build-arg "VERSION=$3" --label "$HASH_LABEL=$4" \
        --build-arg http_proxy --build-arg https_proxy -t "$target" "$context" &&
      docker_cli push "$target" &&
      docker_cli tag "$target" "$REGISTRY_ADDRESS/$2:recipe-$4" &&
      docker_cli push "$REGISTRY_ADDRESS/$2:recipe-$4"
  } >"$RUN/build-$name.log" 2>&1 || return 1
  # The layers stay under a name of ours, so that a pull finds them on the disk.
  docker_cli tag "$target" "mybroker-testbed/$name:$3"
  docker_cli rmi "$target" "$REGISTRY_ADDRESS/$2:recipe-$4" >/dev/null
  rm -rf "$context"
}

# split_image IMAGE: sets repository (as Docker Hub knows it), tag, name and hash of its recipe.
split_image() {
  repository="${1%:*}" tag="${1##*:}"
  name="${repository##*/}"
  [[ "$repository" == */* ]] || repository="library/$repository"
  hash="$(printf '%s %s %s' "$(hash_folder "$HERE/images/$name")" "$BASE_HASH" "$tag" | sha256sum | cut -c1-24)"
}

# ensure_image IMAGE: 0 present or built, CANNOT_BE_HAD, else failed.
ensure_image() {
  local repository tag name hash code=0
  name="${1%:*}"
  if [[ ! -f "$HERE/images/${name##*/}/Dockerfile" ]]; then
    say "$1: no recipe at tools/testbed/images/${name##*/}"
    return "$CANNOT_BE_HAD"
  fi
  split_image "$1"
  ! is_built "$repository" "$tag" "$hash" || return 0
  say "building $1"
  build_image "$name" "$repository" "$tag" "$hash" || code=$?
  case "$code" in
    0) ;;
    "$CANNOT_BE_HAD") say "$1 cannot be had here: $(tail -n 1 "$RUN/prepare-$name.log")" ;;
    *) say "$1 was not built: see $RUN/build-$name.log and $RUN/prepare-$name.log" ;;
  esac
  return "$code"
}

# Two at a time: one build waits for the network while another unpacks.
build_images() {
  local image running=0 failed=0
  build_base
  while read -r image; do
    ((running < 2)) || { wait_for_build; }
    ensure_image "$image" </dev/null &
    running=$((running + 1))
  done < <(wanted_images)
  while ((running > 0)); do wait_for_build; done
  # What building leaves: stages, and images that a newer recipe has replaced.
  docker_cli image prune -f --filter "label=$HASH_LABEL" >/dev/null
  ((failed == 0)) || fail "$failed images were not built"
}

# Uses and changes its caller's running and failed.
wait_for_build() {
  local code=0
  wait -n || code=$?
  running=$((running - 1))
  ((code == 0 || code == CANNOT_BE_HAD)) || failed=$((failed + 1))
}

# One line for each image: in the registry as its recipe is now, or not.
list_images() {
  local image repository tag name hash
  for image in $(wanted_images); do
    split_image "$image"
    if is_built "$repository" "$tag" "$hash"; then printf '%s\n' "$image"; else printf '%s (missing)\n' "$image"; fi
  done
}
