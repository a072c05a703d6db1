#!/bin/sh
# archive_command = 'sh /path/archive-wal.sh "%p" "%f" FOLDER'
#
# Keeps one finished WAL segment in FOLDER, which is on another machine or disk than the cluster. PostgreSQL throws a
# segment away after this said 0, so 0 is said only when the whole file is on the disk under its name.
# FOLDER has a file .phaselock-wal, made once: without it this is the mount point of an archive that is not mounted, and a
# segment would be kept on the wrong disk. PostgreSQL counts the failure (pg_stat_archiver) and tries again.
set -eu
from=$1 name=$2 folder=$3

if [ ! -e "$folder/.phaselock-wal" ]; then
  echo "archive-wal: $folder has no file .phaselock-wal: it is not mounted, or is no archive of WAL" >&2
  exit 1
fi

if [ -e "$folder/$name" ]; then
  # Kept already, and the server was killed before it could note it. Another file of that name is never overwritten: it
  # belongs to another cluster or timeline.
  if cmp -s -- "$from" "$folder/$name"; then exit 0; fi
  echo "archive-wal: $folder/$name is there and differs from $from" >&2
  exit 1
fi

draft="$folder/.$name.draft"
cp -- "$from" "$draft"
sync -- "$draft"
mv -- "$draft" "$folder/$name"
sync -- "$folder"
