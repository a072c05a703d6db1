#!/bin/sh
# restore_command = 'sh /path/fetch-wal.sh "%f" "%p" FOLDER'
#
# Brings one WAL segment back for a recovery. PostgreSQL asks for files that may not exist (the next timeline, the segment
# after the last): a missing file is answered with 1, which it takes for the end of the archive.
set -eu
name=$1 to=$2 folder=$3
[ -e "$folder/$name" ] || exit 1
# A folder that cannot be read is no end of the archive: above 125 the recovery stops instead of ending too early.
cp -- "$folder/$name" "$to" || exit 126
