#!/bin/sh
# Deploys the functions below a folder into the app that its app.yaml names: sh tools/deploy_app.sh FOLDER [fn options]
#
# `fn deploy --all` at the root deploys every func.yaml below it into the app `states`, so the functions of other apps
# have theirs under another name, function.yaml. Here they get the one that the Fn CLI looks for, in a copy.
set -eu
folder=${1:?is missing: sh tools/deploy_app.sh FOLDER [fn options]}
shift
[ $# -gt 0 ] || set -- --local

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$folder/." "$work"
version=0.0.$(date +%s)
find "$work" -name function.yaml | while read -r file; do
  sed "s/^version:.*/version: $version/" "$file" > "$(dirname "$file")/func.yaml"
  rm "$file"
done
cd "$work"
fn deploy --create-app --all --no-bump "$@"
