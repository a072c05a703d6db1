#!/bin/sh
# archive_command = 'sh /path/archive-wal.sh "%p" "%f" FOLDER'
#
# Copies one finished WAL segment to FOLDER, which is on another machine or disk than the cluster. PostgreSQL may remove
# a segment after this script exits with 0, so it does so only when the whole file is on the disk under its name. FOLDER
# contains a file .phaselock-wal, which is created once. If it is missing, FOLDER is the mount point of an archive that
# is not mounted, and the segment would be written to the wrong disk. In that case the script fails; PostgreSQL counts
# the failure (pg_stat_archiver) and retries.
set -eu
from=$1 name=$2 folder=$3

if [ ! -e "$folder/.phaselock-wal" ]; then
  echo "archive-wal: $folder has no file .phaselock-wal: it is not mounted, or is not a WAL archive" >&2
  exit 1
fi

if [ -e "$folder/$name" ]; then
  # The segment is already archived, and the server was killed before it could record that. A different file of that
  # name is never overwritten, because it belongs to another cluster or timeline.
  if cmp -s -- "$from" "$folder/$name"; then exit 0; fi
  echo "archive-wal: $folder/$name already exists and differs from $from" >&2
  exit 1
fi

draft="$folder/.$name.draft"
cp -- "$from" "$draft"
sync -- "$draft"
mv -- "$draft" "$folder/$name"
sync -- "$folder"
