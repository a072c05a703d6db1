#!/bin/sh
# restore_command = 'sh /path/fetch-wal.sh "%f" "%p" FOLDER'
#
# Brings one WAL segment back for a recovery. PostgreSQL asks for files that may not exist (the next timeline, the segment
# after the last): a missing file is answered with 1, which it takes for the end of the archive. Above 125 the recovery
# stops instead: an archive that is not mounted or cannot be read would otherwise end it too early, with writes lost.
set -eu
name=$1 to=$2 folder=$3

if [ ! -e "$folder/$name" ]; then
  # A segment that is missing before others of its timeline is a gap, and no end.
  timeline=$(printf %.8s "$name")
  last=$(ls "$folder" 2>/dev/null | grep -E "^$timeline[0-9A-F]{16}\$" | sort | tail -n 1) || true
  if [ "${#name}" -eq 24 ] && [ "$last" \> "$name" ]; then
    echo "fetch-wal: $folder has no $name, but later ones up to $last: what is missing has to be found first" >&2
    exit 126
  fi
  # Looked for after the segment, so that an archive that goes away in between is noticed.
  [ -e "$folder/.phaselock-wal" ] && exit 1
  echo "fetch-wal: $folder has no file .phaselock-wal: it is not mounted, or is no archive of WAL" >&2
  exit 126
fi
cp -- "$folder/$name" "$to" || exit 126
