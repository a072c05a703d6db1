#!/bin/sh
# restore_command = 'sh /path/fetch-wal.sh "%f" "%p" FOLDER'
#
# Copies one WAL segment back for a recovery. PostgreSQL requests files that may not exist (the next timeline, the
# segment after the last one). Exit code 1 means that the file is missing, which PostgreSQL treats as the end of the
# archive. An exit code above 125 stops the recovery: otherwise an archive that is not mounted or not readable would end
# the recovery too early, and writes would be lost.
set -eu
name=$1 to=$2 folder=$3

if [ ! -e "$folder/$name" ]; then
  # If the archive has later segments of the timeline, the missing segment is a gap and not the end.
  timeline=$(printf %.8s "$name")
  last=$(ls "$folder" 2>/dev/null | grep -E "^$timeline[0-9A-F]{16}\$" | sort | tail -n 1) || true
  if [ "${#name}" -eq 24 ] && [ "$last" \> "$name" ]; then
    echo "fetch-wal: $folder has no $name, but later ones up to $last: find the missing segment first" >&2
    exit 126
  fi
  # Checked after the segment, so that an archive that is unmounted in between is detected.
  [ -e "$folder/.phaselock-wal" ] && exit 1
  echo "fetch-wal: $folder has no file .phaselock-wal: it is not mounted, or is not a WAL archive" >&2
  exit 126
fi
cp -- "$folder/$name" "$to" || exit 126
