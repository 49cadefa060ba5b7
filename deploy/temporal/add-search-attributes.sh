#!/bin/sh
# Adds the search attributes that runs set. Those that are there already stay as they are.
set -eu
known=$(temporal operator search-attribute list --namespace default)
for name in MillracePipeline MillracePartition MillraceOwner; do
  case "$known" in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace default --name "$name" --type Keyword ;;
  esac
done
